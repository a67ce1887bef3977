"""Films that speak several languages: their cues, their translations, and their forced tracks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.cue import CueFlag
from polycue.domain.notice import NoticeReason
from polycue.domain.progress import CuesReady, Event
from polycue.domain.request import (
    Container,
    InputFile,
    MuxOptions,
    SpeechOptions,
    SpeechTask,
    SubtitleTask,
)
from polycue.domain.track import Track, TrackFormat, TrackKind
from polycue.domain.transcript import Word
from polycue.media.probe import probe
from polycue.pipeline.pipeline import Pipeline
from polycue.pipeline.result import TaskResult
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator
from polycue.tracks.json_track import read_document
from support import studio

# The demo clip speaks at 3.5..6.4 s, 7.2..9.2 s, 10..13.4 s and 14.2..17.6 s.
SCRIPT = (
    Word("One", 3600, 4000),
    Word("river.", 4100, 6300),
    Word("Dos", 7300, 8000, language="es"),
    Word("ríos.", 8100, 9100, language="es"),
    Word("Three", 10_100, 10_400),
    Word("rivers.", 10_500, 13_000),
    Word("Four.", 14_300, 15_000),
)
TABLE = {
    ("Dos ríos.", "en"): "Two rivers.",
    ("One river.", "es"): "Un río.",
    ("Three rivers.", "es"): "Tres ríos.",
    ("Four.", "es"): "Cuatro.",
}
# A second and a half parts chunks, so that each may have its own language.
SHORT_CHUNKS = 4_000


@pytest.fixture(scope="module")
def clip(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> InputFile:
    film = repository / "demo" / "tour.mp4"
    path = studio.cut(film, tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=18.0)
    return InputFile(path, "clip.mp4")


def run(
    task: SubtitleTask,
    folder: Path,
    *,
    script: Sequence[Word] = SCRIPT,
    translator: FakeTranslator | None = None,
    events: list[Event] | None = None,
) -> TaskResult:
    facts = replace(ScriptedRecogniser().facts(), max_chunk_ms=SHORT_CHUNKS)
    heard = ScriptedRecogniser(script, facts=facts)
    pipeline = Pipeline(heard, translator or FakeTranslator(table=TABLE))
    report = events.append if events is not None else lambda event: None
    return pipeline.run(task, workdir=folder, cancel=CancelToken(), report=report)


def texts(track: Track) -> list[str]:
    return [" ".join(cue.lines) for cue in track.cues]


def test_no_cue_mixes_languages_and_each_knows_its_own(clip: InputFile, tmp_path: Path) -> None:
    result = run(SubtitleTask(clip, formats=(TrackFormat.JSON,)), tmp_path)
    (track,) = result.tracks
    assert "Dos ríos." in texts(track)
    assert [{w.language for w in cue.words} for cue in track.cues if cue.text == "Dos ríos."] == [
        {"es"}
    ]
    assert all(len({w.language for w in cue.words}) == 1 for cue in track.cues)
    assert result.transcript is not None
    assert list(result.transcript.languages) == ["en", "es"]
    (notice,) = [n for n in result.notices if n.reason is NoticeReason.SEVERAL_LANGUAGES]
    assert "Spanish for 2 s" in notice.message
    assert set(notice.facts) == {"en", "es"}
    read = read_document((tmp_path / "clip.en.json").read_text())
    assert read.track.cues == track.cues


def test_each_sentence_is_translated_from_its_own_language_and_one_at_home_stays(
    clip: InputFile, tmp_path: Path
) -> None:
    translator = FakeTranslator(table=TABLE)
    result = run(SubtitleTask(clip, targets=("es", "de")), tmp_path, translator=translator)
    spanish, german = result.tracks[1:]
    assert " ".join(texts(spanish)) == "Un río. Dos ríos. Tres ríos. Cuatro."
    assert not any(CueFlag.KEPT_SOURCE in cue.flags for cue in spanish.cues)
    assert all(not word.language for cue in spanish.cues for word in cue.words)
    assert ("es", "en", ("Dos ríos.",)) in translator.calls  # on its way to German
    assert "de: Two rivers." in " ".join(texts(german))


def test_a_line_in_a_language_that_cannot_be_translated_does_not_cost_the_film(
    clip: InputFile, tmp_path: Path
) -> None:
    only_english = FakeTranslator(pairs=[("en", "de")])
    result = run(SubtitleTask(clip, targets=("de",)), tmp_path, translator=only_english)
    german = result.tracks[1]
    (kept,) = [cue for cue in german.cues if "ríos" in cue.text]
    assert CueFlag.KEPT_SOURCE in kept.flags
    assert {word.language for word in kept.words} == {"es"}
    (notice,) = [n for n in german.notices if n.reason is NoticeReason.NOT_TRANSLATED]
    assert (notice.facts["source"], notice.facts["target"]) == ("es", "de")
    assert notice.facts["command"].startswith("polycue models pull")


def test_a_language_that_is_named_is_the_films_from_end_to_end(
    clip: InputFile, tmp_path: Path
) -> None:
    task = SubtitleTask(clip, speech=SpeechOptions(language="en"))
    result = run(task, tmp_path)
    assert result.transcript is not None
    assert list(result.transcript.languages) == ["en"]
    assert all(not word.language for cue in result.tracks[0].cues for word in cue.words)


def test_the_forced_track_holds_the_foreign_parts_in_each_language_of_the_film(
    clip: InputFile, tmp_path: Path
) -> None:
    events: list[Event] = []
    task = SubtitleTask(clip, targets=("es", "de"), forced=True)
    result = run(task, tmp_path, events=events)
    forced = [track for track in result.tracks if track.kind is TrackKind.FORCED]
    assert [(t.language, texts(t), t.route) for t in forced] == [
        ("en", ["Two rivers."], ("es", "en")),
        ("es", ["Dos ríos."], ()),
        ("de", ["de: Two rivers."], ("es", "en", "de")),
    ]
    assert all(7_000 < t.cues[0].start_ms < 7_500 for t in forced)
    written = [file.filename for file in result.files]
    assert [name for name in written if name.endswith(".forced.srt")] == [
        "clip.en.forced.srt",
        "clip.es.forced.srt",
        "clip.de.forced.srt",
    ]
    kinds = [event.kind for event in events if isinstance(event, CuesReady)]
    assert kinds.count(TrackKind.FORCED) == 3


def test_the_main_language_is_the_most_spoken_one_though_another_begins(
    clip: InputFile, tmp_path: Path
) -> None:
    script = [replace(SCRIPT[0], language="es"), *SCRIPT[1:]]
    result = run(SubtitleTask(clip, forced=True), tmp_path, script=script)
    forced = result.tracks[-1]
    assert forced.language == "en"
    assert texts(forced)[-1] == "Two rivers."


def test_a_film_without_foreign_parts_gets_an_empty_forced_track_and_is_told(
    clip: InputFile, tmp_path: Path
) -> None:
    options = MuxOptions(Container.MKV)
    task = SubtitleTask(clip, forced=True, mux=(options,))
    script = [replace(word, language="") for word in SCRIPT]
    result = run(task, tmp_path, script=script)
    assert (tmp_path / "clip.en.forced.srt").read_text().strip() == ""
    reasons = [notice.reason for notice in result.notices]
    assert NoticeReason.NO_FOREIGN_SPEECH in reasons
    assert NoticeReason.TRACK_LEFT_OUT in reasons


def test_players_are_told_that_a_track_is_forced(clip: InputFile, tmp_path: Path) -> None:
    task = SubtitleTask(clip, forced=True, mux=(MuxOptions(Container.MKV),))
    result = run(task, tmp_path)
    media = probe(result.files[-1].path, cancel=CancelToken())
    subtitles = [stream for stream in media.streams if stream.kind == "subtitle"]
    flags = [stream.dispositions & {"forced", "default"} for stream in subtitles]
    assert flags == [{"default"}, {"forced"}]


def test_whispers_own_translation_has_a_forced_track_too(clip: InputFile, tmp_path: Path) -> None:
    speech = SpeechOptions(task=SpeechTask.TRANSLATE)
    script = [replace(word, text="Two") if word.text == "Dos" else word for word in SCRIPT]
    result = run(SubtitleTask(clip, speech=speech, forced=True), tmp_path, script=script)
    forced = result.tracks[-1]
    assert (forced.language, texts(forced), forced.route) == ("en", ["Two ríos."], ("es", "en"))


def test_a_silent_film_has_empty_forced_tracks(
    clip: InputFile, tmp_path: Path, repository: Path
) -> None:
    silent = studio.with_silence(clip.path, tmp_path / "silent.mp4")
    task = SubtitleTask(InputFile(silent, "silent.mp4"), targets=("es",), forced=True)
    result = run(task, tmp_path)
    assert [(t.kind, t.language, t.cues) for t in result.tracks if t.kind is TrackKind.FORCED] == [
        (TrackKind.FORCED, "und", ()),
        (TrackKind.FORCED, "es", ()),
    ]
