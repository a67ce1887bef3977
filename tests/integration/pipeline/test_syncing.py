"""Old subtitles of the demo film, its real sound, and a recogniser that knows the script."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts
from polycue.domain.cue import Cue
from polycue.domain.errors import (
    LimitExceeded,
    ModelMissing,
    NoAudioStream,
    PoorFit,
    SubtitleSyntax,
)
from polycue.domain.notice import NoticeReason
from polycue.domain.progress import CuesReady, Event, LanguageFound, Stage, StageMoved
from polycue.domain.request import InputFile, SyncMode, SyncTask
from polycue.domain.track import Track, TrackFormat
from polycue.domain.transcript import Transcript, Word
from polycue.pipeline import syncing
from polycue.pipeline.pipeline import Pipeline
from polycue.pipeline.result import TaskResult
from polycue.testing.made_up import scaled, shifted, with_break
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator
from polycue.tracks import json_track, srt
from support import studio

PAL = 25 / (24_000 / 1001)


class Nobody(ScriptedRecogniser):
    """No model is installed."""

    def facts(self, model: str = "") -> ModelFacts:
        raise ModelMissing("small", "polycue models pull small")


@pytest.fixture(scope="module")
def script(repository: Path) -> list[Cue]:
    """The film's sentences, when they are said."""
    sentences = json.loads((repository / "demo" / "script.json").read_text())["sentences"]
    return [Cue(s["start_ms"], s["end_ms"] + 300, (s["en"],)) for s in sentences]


@pytest.fixture(scope="module")
def said(script: Sequence[Cue]) -> list[Word]:
    words = []
    for cue in script:
        texts = cue.text.split()
        step = (cue.duration_ms - 300) // len(texts)
        words += [
            Word(text, cue.start_ms + step * i, cue.start_ms + step * (i + 1))
            for i, text in enumerate(texts)
        ]
    return words


@pytest.fixture(scope="module")
def tour(repository: Path) -> InputFile:
    return InputFile(repository / "demo" / "tour.mp4", "tour.mp4")


def disturbed(cues: Sequence[Cue], kind: str) -> list[Cue]:
    half = len(cues) // 2
    match kind:
        case "late":
            return shifted(cues, 3200)
        case "slow":
            return scaled(cues, PAL)
        case "broadcast":
            return with_break(cues, half, 60_000)
        case _:
            return shifted(scaled(with_break(cues, half, 60_000), PAL), 3200)


def run(
    task: SyncTask,
    folder: Path,
    recogniser: ScriptedRecogniser | None = None,
    events: list[Event] | None = None,
) -> TaskResult:
    folder.mkdir(exist_ok=True)
    pipeline = Pipeline(recogniser or Nobody(), FakeTranslator())
    report = (lambda event: None) if events is None else events.append
    return pipeline.run(task, workdir=folder, cancel=CancelToken(), report=report)


def written(cues: Sequence[Cue], folder: Path) -> InputFile:
    path = folder / "old.srt"
    path.write_text(srt.write(Track("en", tuple(cues))))
    return InputFile(path, path.name)


def worst_ms(result: TaskResult, true: Sequence[Cue]) -> int:
    cues = result.tracks[0].cues
    assert [cue.lines for cue in cues] == [cue.lines for cue in true]
    return max(abs(a.start_ms - b.start_ms) for a, b in zip(cues, true, strict=True))


@pytest.mark.parametrize("kind", ["late", "slow", "broadcast", "all of it"])
def test_by_words_every_cue_finds_its_place(
    tour: InputFile, script: list[Cue], said: list[Word], tmp_path: Path, kind: str
) -> None:
    old = written(disturbed(script, kind), tmp_path)
    result = run(SyncTask(tour, old, mode=SyncMode.TEXT), tmp_path / "w", ScriptedRecogniser(said))
    assert worst_ms(result, script) <= 150
    moves = [n for n in result.notices if n.reason is NoticeReason.RETIMED]
    assert len(moves) == (2 if kind in {"broadcast", "all of it"} else 1)
    assert result.files[0].filename == "old.synced.srt"
    assert result.tracks[0].language == "en"


@pytest.mark.parametrize("kind", ["late", "slow", "broadcast", "all of it"])
def test_by_speech_no_words_are_needed(
    tour: InputFile, script: list[Cue], tmp_path: Path, kind: str
) -> None:
    foreign = [replace(cue, lines=("Bonjour", "le monde")) for cue in script]
    old = written(disturbed(foreign, kind), tmp_path)
    events: list[Event] = []
    task = SyncTask(tour, old, language="fr", mode=SyncMode.SPEECH)
    result = run(task, tmp_path / "w", events=events)
    assert worst_ms(result, foreign) <= 300
    assert result.tracks[0].language == "fr"
    assert StageMoved(Stage.SYNC, result.duration_ms, result.duration_ms, finished=True) in events
    assert any(isinstance(event, CuesReady) for event in events)


def test_where_another_language_is_spoken_the_speech_decides(
    tour: InputFile, script: list[Cue], said: list[Word], tmp_path: Path
) -> None:
    old = written(shifted(script, 5000), tmp_path)
    events: list[Event] = []
    task = SyncTask(tour, old, language="fr")
    result = run(task, tmp_path / "w", ScriptedRecogniser(said), events)
    assert worst_ms(result, script) <= 300
    assert LanguageFound("en") in events
    (notice,) = [n for n in result.notices if n.reason is NoticeReason.SYNC_BY_SPEECH]
    assert "English is spoken" in notice.message


def test_without_a_model_the_speech_decides_unless_words_were_asked_for(
    tour: InputFile, script: list[Cue], tmp_path: Path
) -> None:
    old = written(shifted(script, 5000), tmp_path)
    result = run(SyncTask(tour, old), tmp_path / "w")
    assert worst_ms(result, script) <= 300
    assert any("polycue models pull small" in n.message for n in result.notices)
    with pytest.raises(ModelMissing):
        run(SyncTask(tour, old, mode=SyncMode.TEXT), tmp_path / "v")


@pytest.fixture
def transcript(script: list[Cue], said: list[Word], tmp_path: Path) -> InputFile:
    """What an earlier run left, from before speech was kept."""
    cues, at = [], 0
    for cue in script:
        count = len(cue.text.split())
        cues.append(replace(cue, words=tuple(said[at : at + count])))
        at += count
    heard = Transcript((), "en", 1.0, (), 103_240, "scripted")
    path = tmp_path / "tour.en.json"
    path.write_text(json_track.write(Track("en", tuple(cues)), heard))
    return InputFile(path, path.name)


@pytest.mark.parametrize("mode", list(SyncMode))
def test_a_stored_transcript_stands_for_the_film(
    transcript: InputFile, script: list[Cue], tmp_path: Path, mode: SyncMode
) -> None:
    old = written(disturbed(script, "all of it"), tmp_path)
    task = SyncTask(transcript, old, mode=mode, transcript=transcript)
    assert worst_ms(run(task, tmp_path / "w"), script) <= 300


def wrong_cues() -> list[Cue]:
    chance, at_ms, cues = random.Random(5), 0, []
    while at_ms < 95_000:
        start_ms = at_ms + chance.randint(100, 4000)
        at_ms = start_ms + chance.randint(800, 4000)
        cues.append(Cue(start_ms, at_ms, (f"Something else altogether, {at_ms}",)))
    return cues


@pytest.mark.parametrize("mode", list(SyncMode))
def test_subtitles_of_another_film_are_refused_unless_forced(
    transcript: InputFile, tmp_path: Path, mode: SyncMode
) -> None:
    old = written(wrong_cues(), tmp_path)
    task = SyncTask(transcript, old, mode=mode, transcript=transcript)
    with pytest.raises(PoorFit) as caught:
        run(task, tmp_path / "w")
    assert caught.value.score < caught.value.needed
    forced = run(replace(task, force=True), tmp_path / "v")
    assert NoticeReason.SYNC_UNCERTAIN in {n.reason for n in forced.notices}
    assert forced.files[0].path.is_file()


def test_a_scene_that_the_film_lacks_is_left_out_and_told(
    transcript: InputFile, script: list[Cue], tmp_path: Path
) -> None:
    scene = [Cue(t, t + 1800, (f"A scene cut out, {t}",)) for t in range(0, 20_000, 2000)]
    half = len(script) // 2
    longer = with_break(script, half, 20_000)
    begin_ms = script[half - 1].end_ms
    old = written([*longer[:half], *shifted(scene, begin_ms), *longer[half:]], tmp_path)
    result = run(SyncTask(transcript, old, transcript=transcript), tmp_path / "w")
    texts = {cue.text for cue in result.tracks[0].cues}
    assert texts >= {cue.text for cue in script}
    (told,) = [n for n in result.notices if n.reason is NoticeReason.CUES_LEFT_OUT]
    assert int(told.facts["count"]) >= 9
    assert "A scene cut out" in told.message


def test_every_format_asked_for_is_written(
    transcript: InputFile, script: list[Cue], tmp_path: Path
) -> None:
    formats = (TrackFormat.VTT, TrackFormat.JSON, TrackFormat.HLS)
    task = SyncTask(transcript, written(script, tmp_path), formats=formats, transcript=transcript)
    names = [file.filename for file in run(task, tmp_path / "w").files]
    assert names == ["old.synced.vtt", "old.synced.json", "old.synced.hls.zip"]


def test_what_cannot_be_synced_is_said(
    repository: Path, tour: InputFile, transcript: InputFile, tmp_path: Path, script: list[Cue]
) -> None:
    old = written(script, tmp_path)
    mute = studio.without_sound(tour.path, tmp_path / "mute.mp4")
    with pytest.raises(NoAudioStream):
        run(SyncTask(InputFile(mute, mute.name), old), tmp_path / "w")
    empty = tmp_path / "empty.vtt"
    empty.write_text("WEBVTT\n")
    with pytest.raises(SubtitleSyntax, match="no cue"):
        run(SyncTask(tour, InputFile(empty, empty.name)), tmp_path / "w")


def test_more_cues_than_any_film_has_are_refused(
    transcript: InputFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "MOST_CUES", 5)
    old = written([Cue(t, t + 500, ("x",)) for t in range(0, 6000, 1000)], tmp_path)
    with pytest.raises(LimitExceeded, match="6 cues is over the limit of 5"):
        run(SyncTask(transcript, old, transcript=transcript), tmp_path / "w")


def test_a_film_in_which_nobody_speaks_is_no_measure(tmp_path: Path, script: list[Cue]) -> None:
    path = tmp_path / "quiet.en.json"
    quiet = Transcript((), "und", 0.0, (), 60_000, "scripted")
    path.write_text(json_track.write(Track("und", ()), quiet))
    heard = InputFile(path, path.name)
    with pytest.raises(PoorFit, match=r"where somebody speaks scores 0\.00"):
        run(SyncTask(heard, written(script, tmp_path), transcript=heard), tmp_path / "w")
