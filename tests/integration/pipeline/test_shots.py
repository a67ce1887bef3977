"""Cues that change with the picture, of films whose cuts are known."""

from itertools import pairwise
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.media import Media
from polycue.domain.notice import NoticeReason
from polycue.domain.progress import Event, MediaFound, Stage, StageMoved
from polycue.domain.request import InputFile, LayoutOptions, ShotMode, SubtitleTask
from polycue.domain.shots import Shots
from polycue.domain.track import TrackFormat
from polycue.domain.transcript import Word
from polycue.media.probe import probe
from polycue.pipeline import shots as searching
from polycue.pipeline.pipeline import Pipeline
from polycue.pipeline.result import TaskResult
from polycue.pipeline.shots import ShotScan, shots_of
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator
from support import studio

SCRIPT = (
    Word("Down", 3700, 3900),
    Word("the", 3920, 4000),
    Word("river,", 4100, 4900),
    Word("they", 4950, 5100),
    Word("sleep.", 5200, 6000),
    Word("Two", 7300, 7500),
    Word("foxes.", 7550, 8000),
)
# The first shot begins 0.2 s before somebody speaks, the second 0.12 s after the first sentence,
# the third 0.2 s after the second sentence has begun.
CUTS = (3520, 6120, 7480)


@pytest.fixture(scope="module")
def plain(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return studio.cut(repository / "demo" / "tour.mp4", folder / "plain.mp4", seconds=10.0)


@pytest.fixture(scope="module")
def film(plain: Path) -> InputFile:
    frames = [cut // 40 for cut in CUTS]
    return InputFile(studio.with_cuts(plain, plain.with_name("film.mp4"), *frames), "film.mp4")


def run(
    media: InputFile,
    folder: Path,
    mode: ShotMode = ShotMode.AUTO,
    events: list[Event] | None = None,
    **wishes: object,
) -> TaskResult:
    folder.mkdir(exist_ok=True)
    layout = LayoutOptions(shots=mode, **wishes.pop("layout", {}))  # type: ignore[arg-type]
    task = SubtitleTask(media, layout=layout, **wishes)  # type: ignore[arg-type]
    told: list[Event] = [] if events is None else events
    pipeline = Pipeline(ScriptedRecogniser(SCRIPT), FakeTranslator())
    return pipeline.run(task, workdir=folder, cancel=CancelToken(), report=told.append)


def reasons(result: TaskResult) -> set[NoticeReason]:
    return {notice.reason for notice in result.notices}


def test_cues_of_every_language_change_with_the_picture(film: InputFile, tmp_path: Path) -> None:
    result = run(film, tmp_path, targets=("es",))
    assert result.transcript is not None
    assert result.transcript.shots == Shots(CUTS)
    for track in result.tracks:
        first, last = track.cues[0], track.cues[-1]
        assert first.start_ms == CUTS[0]
        assert any(cue.end_ms == CUTS[1] - 80 for cue in track.cues)
        assert last.start_ms == CUTS[2]
    assert reasons(result) == set()


def test_the_report_finds_no_cue_beside_a_cut(film: InputFile, tmp_path: Path) -> None:
    heeded, not_heeded = run(film, tmp_path / "a"), run(film, tmp_path / "b", ShotMode.OFF)
    report, other = heeded.tracks[0].report, not_heeded.tracks[0].report
    assert report is not None
    assert other is not None
    by_rule = {str(found.rule): found.count for found in report.rules}
    assert (by_rule["shot_in"], by_rule["shot_out"]) == (0, 0)
    assert {str(found.rule): found.count for found in other.rules}["shot_in"] is None


def test_cuts_are_not_looked_for_when_nobody_wants_them(film: InputFile, tmp_path: Path) -> None:
    events: list[Event] = []
    result = run(film, tmp_path, ShotMode.OFF, events)
    assert result.transcript is not None
    assert result.transcript.shots is None
    assert result.tracks[0].cues[0].start_ms == 3720
    assert not [e for e in events if isinstance(e, StageMoved) and e.stage is Stage.SHOTS]


def test_a_preset_without_a_rule_about_cuts_heeds_them_only_when_asked(
    film: InputFile, tmp_path: Path
) -> None:
    layout = {"preset": "bbc"}
    automatic = run(film, tmp_path / "a", layout=layout)
    asked = run(film, tmp_path / "b", ShotMode.ON, layout=layout)
    assert automatic.transcript is not None
    assert automatic.transcript.shots is None
    assert asked.tracks[0].cues[0].start_ms == CUTS[0]


@pytest.mark.parametrize(("mode", "told"), [(ShotMode.AUTO, False), (ShotMode.ON, True)])
def test_sound_without_a_picture_has_no_cuts(
    mode: ShotMode, told: bool, plain: Path, tmp_path: Path
) -> None:
    sound = plain.with_name("sound.m4a")
    studio.run("-i", plain, "-vn", "-c", "copy", sound)
    result = run(InputFile(sound, "sound.m4a"), tmp_path, mode)
    assert len(result.tracks[0].cues) == 2
    assert (NoticeReason.SHOTS_UNKNOWN in reasons(result)) == told


@pytest.mark.parametrize(("mode", "told"), [(ShotMode.AUTO, False), (ShotMode.ON, True)])
def test_a_picture_that_cannot_be_looked_at_fails_no_film(
    mode: ShotMode, told: bool, plain: Path, tmp_path: Path
) -> None:
    strange = plain.with_name("strange.mkv")  # in a codec that is not let in
    studio.run("-i", plain, "-vf", "scale=64:36", "-c:v", "magicyuv", "-c:a", "copy", strange)
    result = run(InputFile(strange, "strange.mkv"), tmp_path, mode)
    assert len(result.tracks[0].cues) == 2
    assert (NoticeReason.SHOTS_UNKNOWN in reasons(result)) == told


def test_looking_is_told_like_any_other_stage(film: InputFile, tmp_path: Path) -> None:
    events: list[Event] = []
    run(film, tmp_path, events=events)
    moves = [e for e in events if isinstance(e, StageMoved) and e.stage is Stage.SHOTS]
    assert [move.finished for move in moves] == [False] * (len(moves) - 1) + [True]
    assert all(a.processed_ms <= b.processed_ms for a, b in pairwise(moves))
    assert isinstance(events[0], MediaFound)


def test_a_stored_transcript_knows_its_cuts(film: InputFile, tmp_path: Path) -> None:
    first = run(film, tmp_path / "a", formats=(TrackFormat.JSON,))
    stored = InputFile(first.files[0].path, "film.en.json")
    again = run(stored, tmp_path / "b", transcript=stored)
    assert again.tracks[0].cues == first.tracks[0].cues
    without = run(stored, tmp_path / "c", ShotMode.OFF, transcript=stored)
    assert without.tracks[0].cues[0].start_ms == 3720


def test_cuts_that_no_transcript_knows_are_looked_for_in_the_film(
    film: InputFile, tmp_path: Path
) -> None:
    first = run(film, tmp_path / "a", ShotMode.OFF, formats=(TrackFormat.JSON,))
    stored = InputFile(first.files[0].path, "film.en.json")
    with_film = run(film, tmp_path / "b", transcript=stored)
    assert with_film.tracks[0].cues[0].start_ms == CUTS[0]
    alone = run(stored, tmp_path / "c", ShotMode.ON, transcript=stored)
    assert alone.tracks[0].cues[0].start_ms == 3720
    assert NoticeReason.SHOTS_UNKNOWN in reasons(alone)


@pytest.fixture
def media(film: InputFile) -> Media:
    return probe(film.path, cancel=CancelToken())


def test_a_search_that_takes_too_long_is_left_alone(
    media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LEAST_PATIENCE_S", 0.0)
    monkeypatch.setattr(searching, "PATIENCE_SHARE", 0.0)
    with shots_of(media, LayoutOptions(), cancel=CancelToken()) as shots:
        shots.wait(lambda until_ms: None)
        assert shots.until_ms is None, "nobody needs to wait any more"
        assert shots.notices() == (), "it was not asked for"


def test_a_search_that_begins_anew_may_take_again_what_it_had_taken(
    media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LEAST_PATIENCE_S", 0.0)
    monkeypatch.setattr(searching, "PATIENCE_SHARE", 0.0)
    an_hour_ms = 3_600_000
    with shots_of(media, LayoutOptions(), spent_ms=an_hour_ms, cancel=CancelToken()) as shots:
        shots.wait(lambda until_ms: None)
        assert shots.result() == Shots(CUTS)


def test_whoever_asks_for_cuts_waits_for_them(media: Media) -> None:
    layout = LayoutOptions(shots=ShotMode.ON)
    with shots_of(media, layout, cancel=CancelToken()) as shots:
        shots.wait(lambda until_ms: None)
        assert shots.result() == Shots(CUTS)


def test_cancelling_a_job_ends_its_search(media: Media) -> None:
    cancel = CancelToken()
    with shots_of(media, LayoutOptions(), cancel=cancel) as shots:
        assert isinstance(shots, ShotScan)
        cancel.cancel()
        with pytest.raises(Cancelled):
            shots.wait(lambda until_ms: None)
