import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import (
    Cancelled,
    Draining,
    InvalidRequest,
    LanguageNotSupported,
    ModelMissing,
    NoRoomNow,
    RecognitionFailed,
)
from polycue.domain.request import SpeechOptions, SpeechTask
from polycue.domain.transcript import ChunkFacts
from polycue.engine.footprint import footprint
from polycue.engine.recogniser import Recogniser
from polycue.engine.shelf import Shelf
from polycue.speech.passage import Passage
from polycue.testing.engines import recogniser_with

FACTS = ModelFacts("small", ("en", "es", "no"), 30_000, translates=True, demo=False)
GIVEN = SpeechOptions(language="es")
PATIENCE_S = 60.0


class Linguist:
    """A backend that hears Spanish, and stops for ``gate`` before each batch where it has one."""

    device = "cpu"
    workers = 1
    max_rows = 2

    def __init__(self, facts: ModelFacts = FACTS, fails_at_ms: int = -1) -> None:
        self.facts = facts
        self.seen: list[Passage] = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.closed = False
        self._fails_at_ms = fails_at_ms

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        self.begun.set()
        assert self.gate.wait(PATIENCE_S)
        self.seen += batch
        return list(map(self._heard, batch))

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        self.closed = True

    def _heard(self, passage: Passage) -> Recognised:
        if passage.start_ms == self._fails_at_ms:
            raise RecognitionFailed(passage.start_ms, "it fell over")
        language = passage.settings.language or "es"
        facts = ChunkFacts(passage.start_ms, passage.end_ms, language, -0.1, 0, 1, 0)
        if passage.settings.language:
            return Recognised((), facts, 1.0)
        return Recognised((), facts, 0.8, shares={"en": 0.1, "es": 0.8, "no": 0.1})


def chunks(count: int, speech_ms: int = 1_000) -> Iterator[Chunk]:
    for n in range(count):
        start_ms = n * speech_ms
        audio = Audio(np.zeros(speech_ms * 16, np.float32), start_ms)
        yield Chunk(audio, (Span(start_ms, start_ms + speech_ms),))


@contextmanager
def recogniser(backend: Linguist, models: Callable[[str], Path] = Path) -> Iterator[Recogniser]:
    made = recogniser_with(lambda path, name: [backend], models)
    try:
        yield made
    finally:
        backend.gate.set()
        made.close()


def test_every_chunk_comes_back_in_order() -> None:
    with recogniser(Linguist()) as engine:
        found = list(engine.transcribe(chunks(11), GIVEN, cancel=CancelToken()))
    assert [r.facts.start_ms for r in found] == [n * 1_000 for n in range(11)]
    assert {(r.facts.language, r.language_probability) for r in found} == {("es", 1.0)}


@pytest.mark.parametrize(("options", "language", "candidates", "current"), [
    (SpeechOptions(allowed_languages=("en", "es-MX")), "", ("en", "es-MX"), ""),
    (SpeechOptions(allowed_languages=("en", "ja")), "en", ("en",), None),
    (SpeechOptions(language="nb", multilingual=True), "", ("en", "es", "nb"), "nb"),
    (SpeechOptions(language="nb"), "nb", ("en", "es", "nb"), None),
])  # fmt: skip
def test_what_may_be_spoken_is_told_to_the_model(
    options: SpeechOptions, language: str, candidates: tuple[str, ...], current: str | None
) -> None:
    backend = Linguist()
    with recogniser(backend) as engine:
        list(engine.transcribe(chunks(1), options, cancel=CancelToken()))
    (passage,) = backend.seen
    assert (passage.settings.language, passage.settings.candidates) == (language, candidates)
    assert (passage.belief.current if passage.belief else None) == current


def test_a_model_that_knows_no_allowed_language_says_so() -> None:
    options = SpeechOptions(allowed_languages=("ja", "zh"))
    with recogniser(Linguist()) as engine, pytest.raises(LanguageNotSupported, match="ja"):
        engine.transcribe(chunks(1), options, cancel=CancelToken())


def test_a_model_of_one_language_need_not_detect() -> None:
    backend = Linguist(replace(FACTS, languages=("en",)))
    with recogniser(backend) as engine:
        (found,) = engine.transcribe(chunks(1), SpeechOptions(), cancel=CancelToken())
    assert (found.facts.language, found.language_probability) == ("en", 1.0)


def test_no_speech_gives_no_results() -> None:
    with recogniser(Linguist()) as engine:
        for options in (GIVEN, SpeechOptions()):
            assert list(engine.transcribe(iter(()), options, cancel=CancelToken())) == []


@pytest.mark.parametrize("language", ["es-419", "nb", "en-GB"])
def test_a_language_is_known_by_whatever_name_whisper_has_for_it(language: str) -> None:
    backend = Linguist()
    with recogniser(backend) as engine:
        options = SpeechOptions(language=language)
        (found,) = engine.transcribe(chunks(1), options, cancel=CancelToken())
    assert found.facts.language == language


@pytest.mark.parametrize(("options", "error"), [
    (SpeechOptions(language="ja"), LanguageNotSupported),
    (SpeechOptions(beam_size=0), InvalidRequest),
    (SpeechOptions(beam_size=1_000), InvalidRequest),
])  # fmt: skip
def test_what_a_model_cannot_do_is_said_before_any_sound_is_read(
    options: SpeechOptions, error: type[Exception]
) -> None:
    with recogniser(Linguist()) as engine, pytest.raises(error):
        engine.transcribe(chunks(1), options, cancel=CancelToken())


def test_a_model_that_only_transcribes_does_not_pretend_to_translate() -> None:
    backend = Linguist(replace(FACTS, translates=False))
    with recogniser(backend) as engine, pytest.raises(InvalidRequest, match="small"):
        engine.transcribe(chunks(1), SpeechOptions(task=SpeechTask.TRANSLATE), cancel=CancelToken())


def test_a_missing_model_is_named() -> None:
    def models(name: str) -> Path:
        raise ModelMissing(name, f"polycue models pull {name}")

    with recogniser(Linguist(), models) as engine, pytest.raises(ModelMissing, match="pull tiny"):
        engine.facts("tiny")


def test_chunks_are_read_only_so_far_ahead() -> None:
    backend, read = Linguist(), list[Chunk]()
    backend.gate.clear()
    with recogniser(backend) as engine:

        def stream() -> Iterator[Chunk]:
            for chunk in chunks(100):
                read.append(chunk)
                yield chunk

        results = engine.transcribe(stream(), GIVEN, cancel=CancelToken())
        first = threading.Thread(target=lambda: next(results))
        first.start()
        assert backend.begun.wait(PATIENCE_S)
        backend.gate.set()
        first.join(PATIENCE_S)
        # Twice what the device holds wait for it. As many more may be read where the first result
        # comes after those behind it, since its features were.
        assert len(read) <= 4 * backend.max_rows


def test_results_before_a_failing_chunk_are_not_lost() -> None:
    with recogniser(Linguist(fails_at_ms=3_000)) as engine:
        results = engine.transcribe(chunks(6), GIVEN, cancel=CancelToken())
        assert [next(results).facts.start_ms for _ in range(3)] == [0, 1_000, 2_000]
        with pytest.raises(RecognitionFailed, match="3000 ms"):
            next(results)


@pytest.mark.parametrize("options", [GIVEN, SpeechOptions()], ids=["given", "detect"])
def test_cancelling_ends_the_wait_for_a_running_batch(options: SpeechOptions) -> None:
    backend, token = Linguist(), CancelToken()
    backend.gate.clear()
    with recogniser(backend) as engine:
        outcome: list[BaseException] = []

        def consume() -> None:
            try:
                list(engine.transcribe(chunks(50), options, cancel=token))
            except Cancelled as error:
                outcome.append(error)

        consumer = threading.Thread(target=consume)
        consumer.start()
        assert backend.begun.wait(PATIENCE_S)
        token.cancel()
        consumer.join(PATIENCE_S)
        assert not consumer.is_alive()
        assert [type(error) for error in outcome] == [Cancelled]
    assert len(backend.seen) <= 2  # the batch that ran; what waited was taken back


def test_a_consumer_that_stops_takes_back_what_waits() -> None:
    backend = Linguist()
    with recogniser(backend) as engine:
        results = engine.transcribe(chunks(50), GIVEN, cancel=CancelToken())
        next(results)
        results.close()
    assert len(backend.seen) <= 4 * backend.max_rows  # as far as it was read ahead, see above


def test_a_model_is_loaded_once_however_many_ask_at_once() -> None:
    loads: list[str] = []
    together = threading.Barrier(8)

    def opened(path: Path, name: str) -> list[Linguist]:
        loads.append(name)
        return [Linguist()]

    engine = recogniser_with(opened)

    def ask() -> None:
        together.wait(PATIENCE_S)
        engine.facts("small")

    callers = [threading.Thread(target=ask) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(PATIENCE_S)
    engine.facts()
    engine.facts("base")
    engine.close()
    assert loads == ["small", "base"]


def test_a_model_with_two_names_is_loaded_once() -> None:
    loads: list[str] = []

    def opened(path: Path, name: str) -> list[Linguist]:
        loads.append(name)
        return [Linguist()]

    engine = recogniser_with(opened, lambda name: Path("models/large-v3"))
    engine.facts("large")
    engine.facts("large-v3")
    engine.close()
    assert loads == ["large-v3"]


def test_a_model_is_not_let_go_while_a_film_is_heard_with_it(tmp_path: Path) -> None:
    linguists = {"small": Linguist(), "base": Linguist()}
    for name in linguists:
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(b"no weights")
    shelf = Shelf(footprint(tmp_path / "small", "int8"))
    engine = recogniser_with(lambda path, name: [linguists[name]], tmp_path.joinpath, shelf=shelf)
    results = engine.transcribe(chunks(3), GIVEN, cancel=CancelToken())
    next(results)
    with pytest.raises(NoRoomNow, match="'base'"):
        engine.facts("base")
    results.close()
    engine.facts("base")
    assert linguists["small"].closed
    engine.close()
    assert linguists["base"].closed


def test_a_film_is_heard_to_its_end_by_what_was_the_default_when_it_began(tmp_path: Path) -> None:
    linguists = {"small": Linguist(), "base": Linguist()}
    for name in linguists:
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.bin").write_bytes(b"no weights")
    defaults = iter(linguists)  # somebody pulls a better one meanwhile
    engine = recogniser_with(
        lambda path, name: [linguists[name]], tmp_path.joinpath, lambda: next(defaults)
    )
    found = list(engine.transcribe(chunks(3), GIVEN, cancel=CancelToken()))
    engine.close()
    assert len(found) == len(linguists["small"].seen) == 3
    assert not linguists["base"].seen


def test_many_films_at_once_get_each_their_own_words() -> None:
    backend = Linguist()
    with recogniser(backend) as engine:
        found: dict[int, list[int]] = {}

        def film(count: int) -> None:
            results = engine.transcribe(chunks(count), GIVEN, cancel=CancelToken())
            found[count] = [r.facts.start_ms for r in results]

        films = [threading.Thread(target=film, args=(n,)) for n in range(1, 9)]
        for one in films:
            one.start()
        for one in films:
            one.join(PATIENCE_S)
    assert found == {n: [i * 1_000 for i in range(n)] for n in range(1, 9)}


def test_a_closed_recogniser_takes_no_work() -> None:
    backend = Linguist()
    with recogniser(backend) as engine:
        engine.facts()
    assert backend.closed
    with pytest.raises(Draining):
        engine.facts()
