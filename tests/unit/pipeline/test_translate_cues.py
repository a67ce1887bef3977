from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import PairNotInstalled, SubtitleSyntax, Unreadable
from polycue.domain.notice import NoticeReason
from polycue.domain.progress import CuesReady, Event, FileReady, LanguageFound, Stage, StageMoved
from polycue.domain.request import InputFile, LayoutOptions, TranslateTask, TranslationOptions
from polycue.domain.track import Track, TrackFormat
from polycue.pipeline.foreign import stem_without_language
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator

CUES = (
    Cue(1000, 2500, ("The river is",)),
    Cue(2600, 4000, ("old and cold.",)),
    Cue(9000, 10_000, ("Yes.",)),
)
TABLE = {
    ("The river is old and cold.", "es"): "El río es viejo y frío.",
    ("Yes.", "es"): "Sí.",
}


def translate(cues: tuple[Cue, ...], translator: FakeTranslator, target: str = "es") -> Track:
    pipeline = Pipeline(ScriptedRecogniser(), translator)
    return pipeline.translate_cues(
        cues, "en", TranslationOptions(target), LayoutOptions(), cancel=CancelToken()
    )


def test_a_sentence_is_translated_whole_though_it_stands_in_two_cues() -> None:
    translator = FakeTranslator(table=TABLE)
    track = translate(CUES, translator)
    assert translator.calls == [("en", "es", ("The river is old and cold.", "Yes."))]
    assert [(c.start_ms, c.end_ms) for c in track.cues] == [(c.start_ms, c.end_ms) for c in CUES]
    assert " ".join(" ".join(c.lines) for c in track.cues) == "El río es viejo y frío. Sí."


def test_a_sentence_that_comes_back_empty_keeps_its_own_words_and_is_flagged() -> None:
    table = {**TABLE, ("The river is old and cold.", "es"): ""}
    track = translate(CUES, FakeTranslator(table=table))
    assert [c.lines for c in track.cues] == [("The river is",), ("old and cold.",), ("Sí.",)]
    assert [c.flags for c in track.cues] == [{CueFlag.KEPT_SOURCE}, {CueFlag.KEPT_SOURCE}, set()]
    (notice,) = track.notices
    assert notice.reason is NoticeReason.TRANSLATION_KEPT_SOURCE
    assert notice.facts == {"count": "1", "route": "en>es"}


def test_a_translation_that_is_shorter_borrows_no_words_from_the_next_sentence() -> None:
    # Filled over the whole file at once, the second cue took "Dos" and the third only "palabras".
    cues = (Cue(0, 900, ("A sentence",)), Cue(1000, 1900, ("of two.",)), Cue(2000, 4000, ("B c.",)))
    table = {("A sentence of two.", "es"): "Una.", ("B c.", "es"): "Dos palabras."}
    track = translate(cues, FakeTranslator(table=table))
    assert [c.text for c in track.cues] == ["Una.", "Una.", "Dos palabras."]


def test_no_cues_give_an_empty_track() -> None:
    assert translate((), FakeTranslator()).cues == ()


def test_a_pair_that_is_not_there_is_named_with_what_gets_it() -> None:
    with pytest.raises(PairNotInstalled, match="polycue models pull en:fr"):
        translate(CUES, FakeTranslator(), "fr")


@pytest.mark.parametrize(
    ("stem", "language", "bare"),
    [
        ("movie.en", "en", "movie"),
        ("movie.eng", "en", "movie"),
        ("movie", "en", "movie"),
        ("movie.de", "en", "movie.de"),
        ("a.b.pt-BR", "pt-BR", "a.b"),
        ("The.English", "en", "The.English"),  # a film's name, not a language's code
        (".en", "en", ".en"),
    ],
)
def test_the_language_in_a_files_name_makes_room_for_another(
    stem: str, language: str, bare: str
) -> None:
    assert stem_without_language(stem, language) == bare


def run(task: TranslateTask, folder: Path) -> list[Event]:
    events: list[Event] = []
    pipeline = Pipeline(ScriptedRecogniser(), FakeTranslator(table=TABLE))
    pipeline.run(task, workdir=folder, cancel=CancelToken(), report=events.append)
    return events


def test_every_format_of_every_language_is_reported_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes("1\r\n00:00:01,000 --> 00:00:02,000\r\nYes.\r\n".encode("utf-16"))
    out = tmp_path / "out"
    out.mkdir()
    formats = (TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON)
    task = TranslateTask(InputFile(path, "a.en.srt"), "en", ("es", "de"), formats=formats)
    files = [event.file for event in run(task, out) if isinstance(event, FileReady)]
    assert [f.filename for f in files] == [
        *(f"a.{language}.{form.value}" for language in ("es", "de") for form in formats),
        *(f"a.{language}.report.json" for language in ("es", "de")),
    ]
    assert "Sí." in files[0].path.read_text(encoding="utf-8")


def test_a_file_without_subtitles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_text("dear diary,\n\nnothing happened\n")
    with pytest.raises(SubtitleSyntax):
        run(TranslateTask(InputFile(path, "a.srt"), "en", ("es",)), tmp_path)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="gone"):
        run(TranslateTask(InputFile(tmp_path / "gone", "a.srt"), "en", ("es",)), tmp_path)


def test_a_translation_ends_with_its_last_language(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nYes.\n", encoding="utf-8")
    events = run(TranslateTask(InputFile(path, "a.srt"), "en", ("es", "de")), tmp_path)
    assert [event for event in events if isinstance(event, StageMoved)] == [
        StageMoved(Stage.TRANSLATE, 1000, 2000),
        StageMoved(Stage.TRANSLATE, 2000, 2000, finished=True),
    ]


def test_who_watches_a_translation_sees_its_cues(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nYes.\n", encoding="utf-8")
    events = run(TranslateTask(InputFile(path, "a.srt"), "en", ("es", "de")), tmp_path)
    told = [event for event in events if isinstance(event, CuesReady)]
    assert [(event.language, event.first_index, len(event.cues)) for event in told] == [
        ("es", 1, 1),
        ("de", 1, 1),
    ]
    assert events.index(LanguageFound("en")) < events.index(told[0])  # else es passes for spoken
