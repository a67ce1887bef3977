"""What is said in a film depends on the film alone: not on workers, batches, time or neighbours."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.errors import Cancelled, RecognitionFailed
from polycue.domain.request import DefenceOptions, SpeechOptions
from polycue.engine.batching.work import Result
from polycue.engine.deciding import DECIDED_TOGETHER, Named
from polycue.engine.flow import Flow
from polycue.engine.hearing import Hearing
from polycue.speech.passage import DecodeSettings, Passage
from support import polyglot
from support.asking import made
from support.gated import Gated
from support.polyglot import WAYS, Polyglot, film

LENGTHS = st.lists(st.sampled_from([100, 1_200, 11_000]), max_size=14)
PATIENCE_S = 60.0


def heard(model: Polyglot, chunks: Sequence[Chunk], options: SpeechOptions) -> list[Recognised]:
    with polyglot.recogniser(model) as engine:
        return list(engine.transcribe(chunks, options, cancel=CancelToken()))


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=8)
@given(lengths_ms=LENGTHS)
def test_any_number_of_workers_and_rows_hears_the_same(way: str, lengths_ms: list[int]) -> None:
    chunks = list(film(lengths_ms))
    found = heard(Polyglot(workers=1, max_rows=1), chunks, WAYS[way])
    assert [one.facts.start_ms for one in found] == [one.audio.start_ms for one in chunks]
    for workers, rows in ((1, 4), (2, 2), (5, 16)):
        assert heard(Polyglot(workers=workers, max_rows=rows), chunks, WAYS[way]) == found


@pytest.mark.parametrize("way", WAYS)
def test_films_side_by_side_are_heard_as_they_are_alone(way: str) -> None:
    films = {n: list(film([300 + 100 * n] * (5 + n))) for n in range(6)}
    alone = {n: heard(Polyglot(), chunks, WAYS[way]) for n, chunks in films.items()}
    found: dict[int, list[Recognised]] = {}
    with polyglot.recogniser(Polyglot(workers=3, max_rows=2)) as engine:

        def hear(number: int) -> None:
            chunks = films[number]
            found[number] = list(engine.transcribe(chunks, WAYS[way], cancel=CancelToken()))

        callers = [threading.Thread(target=hear, args=(n,)) for n in films]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(PATIENCE_S)
    assert found == alone


class Gathering(Polyglot):
    """Answers no batch before all workers have one; fails where they never have."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers=workers, max_rows=1)
        self._met = threading.Barrier(workers)

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        self._met.wait(PATIENCE_S)
        return super().run(batch)


@pytest.mark.parametrize("way", ["named", "detected", "followed"])
def test_all_workers_are_busy_though_nothing_is_decided_yet(way: str) -> None:
    """So many as are decided together wait for a batch each, and would wait for ever."""
    count = 2 * DECIDED_TOGETHER
    options = replace(WAYS[way], allowed_languages=("en", "es"))
    chunks = list(film([400] * count))
    with polyglot.recogniser(Certain(DECIDED_TOGETHER)) as engine:
        found = list(engine.transcribe(chunks, options, cancel=CancelToken()))
    assert len(found) == count


class Certain(Gathering):
    """Never changes its mind, so that nothing is asked about twice."""

    def shares(self, passage: Passage) -> dict[str, float]:
        return {"en": 0.001, "es": 0.998, "de": 0.001}


class Wavering(Polyglot):
    """Takes the second of the chunks that are decided together for another language."""

    def __init__(self) -> None:
        super().__init__(max_rows=1)
        self.asked: list[tuple[int, str]] = []

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        self.asked += [(one.start_ms, one.settings.language) for one in batch]
        return super().run(batch)

    def shares(self, passage: Passage) -> dict[str, float]:
        english = 0.7 if passage.start_ms == 1_000 else 0.1
        return {"en": english, "es": 1 - english, "de": 0.0}


@pytest.mark.parametrize("options", [SpeechOptions(), SpeechOptions(multilingual=False)])
def test_only_what_was_decoded_in_another_language_is_asked_about_anew(
    options: SpeechOptions,
) -> None:
    model = Wavering()
    found = heard(model, list(film([1_000] * 4)), options)
    assert [one.facts.language for one in found] == ["es"] * 4
    assert [one.words[0].text for one in found] == [
        f"es-{n}000." if n else "es-0." for n in range(4)
    ]
    assert [row for row in model.asked if row[1]] == [(1_000, "es")]
    assert sorted(row for row in model.asked if not row[1]) == [(1_000 * n, "") for n in range(4)]
    assert all(not one.shares for one in found)


class Failing(Polyglot):
    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        for one in batch:
            if one.start_ms == 6_000:
                raise RecognitionFailed(one.start_ms, "it fell over")
        return super().run(batch)


@pytest.mark.parametrize(("way", "before"), [("named", 6), ("detected", 6), ("followed", 4)])
def test_what_was_decided_before_a_chunk_that_fails_is_not_lost(way: str, before: int) -> None:
    found: list[int] = []
    with polyglot.recogniser(Failing(workers=2, max_rows=2)) as engine:
        results = engine.transcribe(film([1_000] * 12), WAYS[way], cancel=CancelToken())
        with pytest.raises(RecognitionFailed, match="6000 ms"):
            found.extend(one.facts.start_ms for one in results)
    assert found == [1_000 * n for n in range(before)]


def test_a_finished_result_is_handed_on_before_more_sound_is_read() -> None:
    read: list[int] = []

    def stream() -> Iterator[Chunk]:
        for chunk in film([200] * 60):
            read.append(chunk.audio.start_ms)
            yield chunk

    with polyglot.recogniser(Polyglot(max_rows=1)) as engine:
        results = engine.transcribe(stream(), WAYS["named"], cancel=CancelToken())
        for number, _ in enumerate(results, start=1):
            assert len(read) <= number + 2 * DECIDED_TOGETHER
    assert len(read) == 60


def test_what_is_finished_is_handed_on_while_the_next_chunk_does_not_come() -> None:
    source = Gated(list(film([1_000] * 6)))
    with polyglot.recogniser(Polyglot()) as engine:
        results = engine.transcribe(source, WAYS["named"], cancel=CancelToken())
        for number in range(6):
            source.let(1)
            assert next(results).facts.start_ms == 1_000 * number
        assert next(results, None) is None


def test_a_decision_is_made_while_the_next_chunk_does_not_come() -> None:
    source = Gated(list(film([11_000] * 6)))
    with polyglot.recogniser(Polyglot()) as engine:
        results = engine.transcribe(source, WAYS["detected"], cancel=CancelToken())
        source.let(2)  # 20 s of speech tell it
        assert [next(results).facts.start_ms for _ in range(2)] == [0, 11_000]
        results.close()


def test_who_waits_for_a_chunk_can_be_cancelled() -> None:
    cancel = CancelToken()
    source = Gated(list(film([1_000] * 6)))
    with polyglot.recogniser(Polyglot()) as engine:
        results = engine.transcribe(source, WAYS["named"], cancel=cancel)
        source.let(1)
        next(results)
        threading.Timer(0.0, cancel.cancel).start()
        with pytest.raises(Cancelled):
            next(results)


def test_a_film_that_is_held_back_hands_on_its_results_and_reads_no_more() -> None:
    model, features = Polyglot(), np.zeros((80, 10), np.float32)
    asked: list[tuple[Result, Passage]] = []

    def ask(passage: Future[Passage], _: DecodeSettings) -> Result:
        result = Result()
        result.inside = not asked  # there is room for the first only
        asked.append((result, passage.result()))
        if len(asked) == 2:
            answer(0)
        return result

    def answer(number: int) -> None:
        result, passage = asked[number]
        result.set_result(model.run_alone(passage))

    def hear(chunk: Chunk, language: str, _: object, stirred: Callable[[], None]) -> Hearing:
        audio, how = chunk.audio, DecodeSettings(language)
        passage = made(Passage(audio.start_ms, audio.end_ms, chunk.speech, features, how))
        return Hearing(ask, passage, how, chunk.speech, DefenceOptions(enabled=False), stirred)

    flow = Flow(hear, Named("es"), capacity=4, cancel=CancelToken())
    results = flow.run(film([1_000] * 9))
    assert next(results).facts.start_ms == 0
    assert len(asked) == 2
    asked[1][0].inside = True
    answer(1)
    assert next(results).facts.start_ms == 1_000
    results.close()
