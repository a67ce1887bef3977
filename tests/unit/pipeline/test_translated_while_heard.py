"""A film is translated in a thread of its own, and nobody can tell from what comes of it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, EngineDied, LeaseLost
from polycue.domain.progress import CuesReady, Event, Stage, StageMoved
from polycue.domain.request import InputFile, SpeechOptions, SubtitleTask
from polycue.domain.transcript import Word
from polycue.domain.translation import Hypotheses, Search
from polycue.pipeline.film_tracks import FilmTracks
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.waiting import Island
from polycue.pipeline.wanted import WantedTracks
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import BEST, FakeTranslator

PATIENCE_S = 60.0
FILE = InputFile(Path("film.mkv"), "film.mkv")
TASK = SubtitleTask(FILE, speech=SpeechOptions(language="en"), targets=("es", "de"))
ISLANDS = [
    Island((Word(f"Number {n}.", 4_000 * n, 4_000 * n + 900),), 4_000 * (n + 1), None)
    for n in range(40)
]


class Held(FakeTranslator):
    """Translates the first text at once, and the others when it is let; ``fails`` may be raised."""

    def __init__(self, fails: Exception | None = None) -> None:
        super().__init__()
        self._fails = fails
        self.reached, self.may_go = threading.Event(), threading.Event()

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        if list(texts) != ["Number 0."]:
            self.reached.set()
            forget = cancel.on_cancel(self.may_go.set)
            assert self.may_go.wait(PATIENCE_S)
            forget()
            if self._fails:
                raise self._fails
        return super().translate(texts, route, search, cancel=cancel)


class Film:
    """A job that lays out islands, and what it told; all of it in its own thread."""

    def __init__(self, translator: FakeTranslator, kept: Checkpoints = NOTHING_KEPT) -> None:
        self.cancel = CancelToken()
        self.told: list[Event] = []
        self._owner = threading.get_ident()
        self.run = Run(
            ScriptedRecogniser(), translator, kept, cancel=self.cancel, report=self._tell
        )
        self.run.begin_without_speech()
        self.tracks = FilmTracks(
            TASK,
            WantedTracks(TASK, None),
            "en",
            self.run,
            cuts_ms=(),
            duration_ms=200_000,
        )

    def _tell(self, event: Event) -> None:
        assert threading.get_ident() == self._owner
        self.told.append(event)

    def cues(self, language: str) -> list[str]:
        ready = [e for e in self.told if isinstance(e, CuesReady) and e.language == language]
        assert [e.first_index for e in ready] == list(range(1, len(ready) + 1))
        return [cue.text for e in ready for cue in e.cues]

    @property
    def translated_ms(self) -> list[int]:
        moved = [e for e in self.told if isinstance(e, StageMoved)]
        return [e.processed_ms for e in moved if e.stage is Stage.TRANSLATE]


@pytest.fixture(autouse=True)
def no_thread_outlives_its_job() -> Iterator[None]:
    yield
    assert not [t for t in threading.enumerate() if t.name == "translate-film"]


def all_added(film: Film) -> None:
    for island in ISLANDS:
        film.tracks.add(island)


def test_the_spoken_track_does_not_wait_for_translations() -> None:
    translator = Held()
    film = Film(translator)
    with film.tracks as tracks:
        all_added(film)
        assert translator.reached.wait(PATIENCE_S)
        assert film.cues("en") == [f"Number {n}." for n in range(40)]
        translator.may_go.set()
        tracks.catch_up(200_000)
        assert film.cues("es") == [f"es: Number {n}." for n in range(40)]
    assert film.translated_ms == sorted(film.translated_ms)
    assert film.translated_ms[-1] == 200_000


def test_islands_that_wait_are_translated_together_and_come_out_as_one_by_one() -> None:
    held, apart = Film(translator := Held()), Film(FakeTranslator())
    with held.tracks as tracks:
        for island in ISLANDS[:2]:
            tracks.add(island)
        assert translator.reached.wait(PATIENCE_S)
        for island in ISLANDS[2:]:
            tracks.add(island)
        translator.may_go.set()
        tracks.catch_up(200_000)
        together = list(tracks.finish(()))
    with apart.tracks as tracks:
        for island in ISLANDS:
            tracks.add(island)
            done = len(apart.translated_ms)
            apart.run.own_thread.work_until(lambda done=done: len(apart.translated_ms) > done)  # type: ignore[misc]
        tracks.catch_up(200_000)
        assert list(tracks.finish(())) == together
    assert max(len(texts) for _, _, texts in translator.calls) > 20


def test_what_is_kept_is_kept_by_the_job() -> None:
    class Own(KeptInMemory):
        owner = threading.get_ident()

        def save(self, stage: str, index: int, data: bytes) -> None:
            assert threading.get_ident() == self.owner
            super().save(stage, index, data)

    kept = Own()
    film = Film(FakeTranslator(), kept)
    with film.tracks as tracks:
        all_added(film)
        tracks.catch_up(200_000)
    assert repr(kept) == "KeptInMemory(translate: 5)"  # of 2 times 40 texts


class UntilGerman(FakeTranslator):
    """Says when the second language is asked for; all of the first is to be kept by then."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        if route[-1] == "de" and "Number 39." in texts:
            self.asked.set()
        return super().translate(texts, route, search, cancel=cancel)


@pytest.mark.parametrize(("error", "kept_too"), [(KeyError(), True), (LeaseLost("a"), False)])
def test_what_was_translated_is_kept_though_the_job_fails_unless_it_is_anothers(
    error: Exception, kept_too: bool
) -> None:
    kept = KeptInMemory()
    film = Film(translator := UntilGerman(), kept)

    def work() -> None:
        with film.tracks:
            all_added(film)
            assert translator.asked.wait(PATIENCE_S)
            raise error

    with pytest.raises(type(error)):
        work()
    assert (kept.saves >= 2) is kept_too  # 16 texts each
    assert film.cues("es") == []


def _leave(film: Film) -> None:
    film.cancel.cancel()


def _fail(film: Film) -> None:
    raise KeyError("the job itself")


@pytest.mark.parametrize(("end", "error"), [(_leave, Cancelled), (_fail, KeyError)])
def test_a_job_that_ends_takes_its_thread_with_it(
    end: Callable[[Film], None], error: type[BaseException]
) -> None:
    translator = Held()
    film = Film(translator)

    def work() -> None:
        with film.tracks as tracks:
            all_added(film)
            assert translator.reached.wait(PATIENCE_S)
            end(film)
            tracks.catch_up(200_000)

    with pytest.raises(error):
        work()


def test_what_fails_is_raised_behind_what_came_before_it() -> None:
    translator = Held(fails=EngineDied("a translation from en to es", "SIGSEGV"))
    film = Film(translator)

    def work() -> None:
        with film.tracks as tracks:
            tracks.add(ISLANDS[0])
            film.run.own_thread.work_until(lambda: bool(film.translated_ms))
            tracks.add(ISLANDS[1])
            translator.may_go.set()
            tracks.catch_up(200_000)

    with pytest.raises(EngineDied):
        work()
    assert film.cues("es") == ["es: Number 0."]
    assert film.cues("de") == ["de: Number 0."]
