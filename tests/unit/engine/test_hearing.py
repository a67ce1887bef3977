"""Doubtful chunks are heard again, in batches of their own, and the best try is kept."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.defence import Remedy
from polycue.domain.errors import Cancelled, RecognitionFailed
from polycue.domain.request import DefenceOptions, SpeechOptions
from polycue.domain.transcript import ChunkFacts, Word, text_of
from polycue.engine.recogniser import Recogniser
from polycue.speech.hypothesis import compression_ratio
from polycue.speech.passage import Passage
from polycue.testing.engines import recogniser_with

ENGLISH = SpeechOptions(language="en")
CHUNK_MS = 10_000
LOOP = "so it goes " * 12
PATIENCE_S = 60.0


class Doubtful:
    """A backend that stutters in some chunks until it is as hot as they need."""

    device = "cpu"
    workers = 1
    max_rows = 2

    def __init__(self, cured_at: dict[int, float]) -> None:
        self.facts = ModelFacts("small", ("en", "es"), 30_000, translates=True, demo=False)
        self.cured_at = cured_at
        self.batches: list[list[tuple[float, int]]] = []

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        self.batches.append([(p.settings.temperature, p.start_ms) for p in batch])
        return [self._heard(passage) for passage in batch]

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None: ...

    def _heard(self, passage: Passage) -> Recognised:
        start_ms, heat = passage.start_ms, passage.settings.temperature
        text = "So it goes on."
        if heat < self.cured_at.get(start_ms, 0.0):
            text = LOOP
        words = tuple(
            Word(word, start_ms + 200 * n, start_ms + 200 * (n + 1), 0.9)
            for n, word in enumerate(text.split())
        )
        facts = ChunkFacts(
            start_ms, start_ms + CHUNK_MS, passage.settings.language or "es", -0.3 - heat, 0.0,
            compression_ratio(text), len(words), speech_ms=CHUNK_MS, temperature=heat,
        )  # fmt: skip
        shares = {} if passage.settings.language else {"en": 0.3, "es": 0.7}
        return Recognised(words, facts, 0.7, shares=shares)


def chunks(count: int) -> Iterator[Chunk]:
    for n in range(count):
        audio = Audio(np.zeros(CHUNK_MS * 16, np.float32), n * CHUNK_MS)
        yield Chunk(audio, (Span(n * CHUNK_MS, (n + 1) * CHUNK_MS),))


@contextmanager
def recogniser(backend: Doubtful) -> Iterator[Recogniser]:
    made = recogniser_with(lambda path, name: [backend])
    try:
        yield made
    finally:
        made.close()


def transcribed(
    backend: Doubtful, count: int, options: SpeechOptions = ENGLISH
) -> list[Recognised]:
    with recogniser(backend) as engine:
        return list(engine.transcribe(chunks(count), options, cancel=CancelToken()))


def test_what_is_clear_is_heard_once() -> None:
    backend = Doubtful({})
    found = transcribed(backend, 5)
    assert {r.verdicts for r in found} == {()}
    assert {heat for batch in backend.batches for heat, _ in batch} == {0.0}


def test_a_doubtful_chunk_is_heard_hotter_and_hotter_until_it_is_good() -> None:
    backend = Doubtful({20_000: 0.4})
    found = transcribed(backend, 5)
    assert [r.facts.start_ms for r in found] == [n * CHUNK_MS for n in range(5)]
    assert {text_of(r.words) for r in found} == {"So it goes on."}
    assert [r.facts.temperature for r in found] == [0, 0, 0.4, 0, 0]
    (verdict,) = found[2].verdicts
    assert (verdict.remedy, verdict.replacement) == (Remedy.REDECODED, "So it goes on.")
    assert found[2].language_probability == 1.0
    tries = [row for batch in backend.batches for row in batch if row[1] == 20_000]
    assert [heat for heat, _ in tries] == [0.0, 0.2, 0.4]


def test_chunks_that_are_heard_again_have_batches_of_their_own() -> None:
    backend = Doubtful({0: 0.2, 10_000: 0.2, 40_000: 0.8})
    transcribed(backend, 6)
    for batch in backend.batches:
        assert len({heat for heat, _ in batch}) == 1
    first = [row for batch in backend.batches for row in batch if row[0] == 0]
    assert sorted(start_ms for _, start_ms in first) == [n * CHUNK_MS for n in range(6)]


def test_where_no_try_is_better_the_loop_is_cut() -> None:
    backend = Doubtful({0: 2.0})
    (found,) = transcribed(backend, 1)
    assert text_of(found.words) == "so it goes"
    assert [v.remedy for v in found.verdicts] == [Remedy.COLLAPSED, Remedy.SUSPECTED]
    assert found.facts.temperature == 0.0
    assert len(backend.batches) == 1 + len(DefenceOptions().temperatures)


def test_without_the_defence_it_stands_as_it_was_heard() -> None:
    backend = Doubtful({0: 2.0})
    options = replace(ENGLISH, defence=DefenceOptions(enabled=False))
    (found,) = transcribed(backend, 1, options)
    assert text_of(found.words) == LOOP.strip()
    assert (found.verdicts, len(backend.batches)) == ((), 1)


def test_without_temperatures_nothing_is_heard_again() -> None:
    backend = Doubtful({0: 0.2})
    transcribed(backend, 1, replace(ENGLISH, defence=DefenceOptions(temperatures=())))
    assert len(backend.batches) == 1


def test_a_chunk_keeps_the_language_it_was_first_heard_in() -> None:
    backend = Doubtful({0: 0.2, 50_000: 0.2})
    for options in (SpeechOptions(), SpeechOptions(multilingual=False)):
        found = transcribed(backend, 6, options)
        assert {r.facts.language for r in found} == {"es"}
        assert {text_of(r.words) for r in found} == {"So it goes on."}


def test_a_second_hearing_that_fails_costs_no_chunk_before_it() -> None:
    backend = Doubtful({10_000: 0.4})
    run = backend.run

    def failing(batch: Sequence[Passage]) -> list[Recognised]:
        if batch[0].settings.temperature:
            raise RecognitionFailed(batch[0].start_ms, "it fell over")
        return run(batch)

    backend.run = failing  # type: ignore[method-assign]
    with recogniser(backend) as engine:
        results = engine.transcribe(chunks(4), ENGLISH, cancel=CancelToken())
        assert next(results).facts.start_ms == 0
        with pytest.raises(RecognitionFailed, match="10000 ms"):
            next(results)


def test_a_caller_who_leaves_takes_back_what_is_to_be_heard_again() -> None:
    backend, token, stopped = Doubtful({0: 0.4}), CancelToken(), threading.Event()
    run = backend.run

    def cancelling(batch: Sequence[Passage]) -> list[Recognised]:
        if batch[0].settings.temperature:
            token.cancel()
            stopped.set()
        return run(batch)

    backend.run = cancelling  # type: ignore[method-assign]
    with recogniser(backend) as engine:
        results = engine.transcribe(chunks(1), ENGLISH, cancel=token)
        consumer = threading.Thread(target=lambda: _drained(results))
        consumer.start()
        assert stopped.wait(PATIENCE_S)
        consumer.join(PATIENCE_S)
        assert not consumer.is_alive()


def _drained(results: Iterator[Recognised]) -> None:
    try:
        list(results)
    except Cancelled:
        return
