"""A task that was killed and goes on gives the very files of one that was not."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.progress import Event, Stage, StageMoved
from polycue.domain.request import (
    InputFile,
    LayoutOptions,
    ShotMode,
    SpeechOptions,
    SubtitleTask,
    SyncTask,
    Task,
    TranslateTask,
)
from polycue.domain.track import TrackFormat
from polycue.pipeline import shots as searching
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.translator import FakeTranslator
from support import polyglot, studio
from support.polyglot import LANGUAGES, WAYS, Polyglot

FORMATS = (TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON)
PAIRS = tuple(itertools.permutations(LANGUAGES, 2))


class Bench:
    """Runs tasks with fresh engines that share nothing but what ``kept`` holds.

    ``heard`` and ``translated`` are what the engines of the last run were asked for.
    """

    def __init__(self, folder: Path) -> None:
        self._folders = (folder / f"{number}" for number in itertools.count())
        self.kept = KeptInMemory()
        self.heard: list[int] = []
        self.translated: list[str] = []
        self.told: list[Event] = []

    def run(self, task: Task, *, killed_after: int = 0) -> dict[str, bytes]:
        """What the task writes; empty where it was killed, after so many pieces were kept."""
        cancel, folder = CancelToken(), next(self._folders)
        self.kept.interrupt(cancel, after=killed_after)
        with self._pipeline() as pipeline:
            folder.mkdir()
            self.told = []
            try:
                result = pipeline.run(
                    task,
                    workdir=folder,
                    cancel=cancel,
                    report=self.told.append,
                    checkpoints=self.kept,
                )
            except Cancelled:
                return {}
        return {file.filename: file.path.read_bytes() for file in result.files}

    @contextmanager
    def _pipeline(self) -> Iterator[Pipeline]:
        model, translator = Polyglot(max_chunk_ms=2_500), FakeTranslator(PAIRS)
        with polyglot.recogniser(model) as recogniser:
            yield Pipeline(recogniser, translator)
        self.heard = sorted(model.heard)
        self.translated = [text for _, _, texts in translator.calls for text in texts]

    @property
    def transcribed(self) -> list[tuple[int, bool]]:
        return [
            (e.processed_ms, e.checkpointed)
            for e in self.told
            if isinstance(e, StageMoved) and e.stage is Stage.TRANSCRIBE
        ]


@pytest.fixture(scope="module")
def film(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> InputFile:
    folder = tmp_path_factory.mktemp("film")
    whole = repository / "demo" / "tour.mp4"
    return InputFile(studio.cut(whole, folder / "film.mp4", seconds=24.0), "film.mp4")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def subtitles(film: InputFile, way: str) -> SubtitleTask:
    return SubtitleTask(
        film,
        speech=WAYS[way],
        targets=("es", "de"),
        layout=LayoutOptions(shots=ShotMode.OFF),
        formats=FORMATS,
        forced=True,
    )


@pytest.mark.parametrize("way", ["named", "detected", "followed"])
def test_killed_twice_or_not_a_film_has_the_same_files(
    film: InputFile, bench: Bench, tmp_path: Path, way: str
) -> None:
    task = subtitles(film, way)
    whole = bench.run(task)
    asked, pieces = bench.heard, bench.kept.saves
    assert len(whole) > 6
    bench.kept = KeptInMemory()
    assert bench.run(task, killed_after=5) == {}
    assert bench.run(task, killed_after=3) == {}
    assert bench.run(task) == whole
    assert 0 < len(bench.heard) < len(asked) - 4
    assert bench.kept.saves == pieces
    assert bench.run(task) == whole
    assert bench.heard == []


def test_progress_begins_where_the_film_was_left(film: InputFile, bench: Bench) -> None:
    task = subtitles(film, "named")
    bench.run(task, killed_after=6)
    left_ms = bench.transcribed[-1][0]
    bench.run(task)
    reached = [ms for ms, _ in bench.transcribed]
    assert reached[0] >= left_ms > 0
    assert reached == sorted(reached)
    assert {kept for _, kept in bench.transcribed} == {True}


def test_what_only_shapes_the_cues_does_not_cost_what_was_heard(
    film: InputFile, bench: Bench
) -> None:
    task = subtitles(film, "named")
    bench.run(task)
    other = replace(task, layout=LayoutOptions("bbc", shots=ShotMode.OFF), targets=("en",))
    bench.run(other)
    assert bench.heard == []
    bench.run(replace(task, speech=replace(task.speech, beam_size=1)))
    assert len(bench.heard) > 6


def test_the_picture_is_looked_through_once(
    film: InputFile, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = LayoutOptions(shots=ShotMode.ON)
    task = replace(subtitles(film, "named"), layout=layout, targets=(), forced=False)
    whole = bench.run(task)

    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("it was looked through already")

    searched = bench.kept
    bench.kept = KeptInMemory()
    bench.run(task, killed_after=1)  # a search that was stopped is none that ended
    assert bench.run(task) == whole
    bench.kept = searched
    monkeypatch.setattr(searching, "find_cuts", never)
    assert bench.run(task) == whole


def test_subtitles_are_held_against_what_was_heard_before(
    film: InputFile, bench: Bench, tmp_path: Path
) -> None:
    srt = tmp_path / "late.srt"
    heard = bench.run(replace(subtitles(film, "named"), targets=(), forced=False))
    srt.write_bytes(heard["film.es.srt"])
    task = SyncTask(film, InputFile(srt, srt.name), speech=SpeechOptions(language="es"))
    bench.kept = KeptInMemory()
    whole = bench.run(task)
    bench.kept = KeptInMemory()
    assert bench.run(task, killed_after=4) == {}
    assert bench.run(task) == whole
    assert len(bench.heard) > 0
    assert bench.heard[0] > 5_000


def test_a_file_is_not_translated_again_into_what_it_was_translated_into(
    bench: Bench, tmp_path: Path
) -> None:
    srt = tmp_path / "film.en.srt"
    cues = (f"{n}\n00:{n:02}:00,000 --> 00:{n:02}:02,000\nNumber {n}.\n" for n in range(1, 49))
    srt.write_text("\n".join(cues))
    task = TranslateTask(InputFile(srt, srt.name), "en", ("es", "de"))
    whole = bench.run(task)
    bench.kept = KeptInMemory()
    assert bench.run(task, killed_after=1) == {}
    assert bench.run(task) == whole
    assert bench.translated == [f"Number {n}." for n in range(1, 49)]
