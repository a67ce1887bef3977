"""Tracks made again from a stored transcript."""

import json
from collections.abc import Generator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import (
    InvalidRequest,
    PairNotInstalled,
    TranscriptUnusable,
)
from polycue.domain.notice import NoticeReason
from polycue.domain.request import (
    InputFile,
    LayoutOptions,
    MuxOptions,
    SpeechOptions,
    SpeechTask,
    SubtitleTask,
)
from polycue.domain.track import TrackFormat
from polycue.domain.transcript import ChunkFacts, Transcript, Word
from polycue.pipeline.pipeline import Pipeline
from polycue.pipeline.rebuilding import film_of
from polycue.pipeline.result import TaskResult
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.subtitling import Subtitling
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import FakeTranslator
from polycue.tracks import json_track
from support import studio

# The demo clip speaks at 3.5..6.4 s and 7.2..9.2 s.
SCRIPT = (
    Word("Down", 3600, 3900, 0.9),
    Word("the", 3920, 4000, 0.9),
    Word("river,", 4100, 4900, 0.4),
    Word("they", 4950, 5100, 0.8),
    Word("sleep.", 5200, 6000, 0.9),
    Word("Two", 7300, 7500, 0.9),
    Word("foxes.", 7550, 8000, 0.9),
)
ALL = (TrackFormat.SRT, TrackFormat.JSON)


class Deaf(ScriptedRecogniser):
    """Nobody may ask it anything."""

    def facts(self, model: str = "") -> ModelFacts:
        raise AssertionError("a model was asked for")

    def transcribe(self, *args: object, **kwargs: object) -> Generator[Recognised, None, None]:
        raise AssertionError("a model was to listen")


def run(task: SubtitleTask, folder: Path, recogniser: ScriptedRecogniser) -> TaskResult:
    folder.mkdir(exist_ok=True)
    pipeline = Pipeline(recogniser, FakeTranslator())
    return pipeline.run(task, workdir=folder, cancel=CancelToken(), report=lambda event: None)


@pytest.fixture(scope="module")
def clip(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> InputFile:
    film = repository / "demo" / "tour.mp4"
    folder = tmp_path_factory.mktemp("clip")
    return InputFile(studio.cut(film, folder / "clip.mp4", seconds=10.0), "clip.mp4")


@pytest.fixture(scope="module")
def first_run(clip: InputFile, tmp_path_factory: pytest.TempPathFactory) -> dict[str, InputFile]:
    """The files of a run that listened, by name."""
    task = SubtitleTask(clip, targets=("es",), formats=ALL)
    result = run(task, tmp_path_factory.mktemp("first") / "run", ScriptedRecogniser(SCRIPT))
    return {file.filename: InputFile(file.path, file.filename) for file in result.files}


def again(transcript: InputFile, folder: Path, **wishes: object) -> TaskResult:
    wishes.setdefault("media", transcript)
    task = SubtitleTask(transcript=transcript, **wishes)  # type: ignore[arg-type]
    return run(task, folder, Deaf())


def test_a_stored_transcript_gives_the_same_files_without_a_model(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    result = again(first_run["clip.en.json"], tmp_path / "w", targets=("es",), formats=ALL)
    assert [file.filename for file in result.files] == list(first_run)
    for file in result.files:
        assert file.path.read_bytes() == first_run[file.filename].path.read_bytes()
    assert result.language == "en"


def test_another_preset_and_language_need_no_second_listening(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    layout = LayoutOptions(max_line_chars=12)
    result = again(first_run["clip.en.json"], tmp_path / "w", targets=("de",), layout=layout)
    assert [file.filename for file in result.files] == [
        "clip.en.srt",
        "clip.de.srt",
        "clip.en.report.json",
        "clip.de.report.json",
    ]
    lines = [line for cue in result.tracks[0].cues for line in cue.lines]
    assert max(map(len, lines)) <= 12


def test_with_the_film_a_copy_is_muxed_and_results_are_named_after_it(
    first_run: dict[str, InputFile], clip: InputFile, tmp_path: Path
) -> None:
    film = InputFile(clip.path, "holiday.mp4")
    result = again(first_run["clip.en.json"], tmp_path / "w", media=film, mux=(MuxOptions(),))
    assert [file.filename for file in result.files] == [
        "holiday.en.srt",
        "holiday.en.report.json",
        "holiday.subtitled.mp4",
    ]
    assert result.notices == ()


def test_a_copy_without_the_film_is_refused(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="give the film too"):
        again(first_run["clip.en.json"], tmp_path / "w", mux=(MuxOptions(),))


def test_a_film_of_another_length_is_told(
    repository: Path, first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    film = InputFile(repository / "demo" / "tour.mp4", "tour.mp4")
    notices = again(first_run["clip.en.json"], tmp_path / "w", media=film).notices
    assert [n.reason for n in notices] == [NoticeReason.LENGTH_DIFFERS]
    assert "10.2 s and this one has 103.2 s" in notices[0].message


def test_what_the_recogniser_translated_can_be_used_again(clip: InputFile, tmp_path: Path) -> None:
    task = SubtitleTask(
        clip, speech=SpeechOptions(task=SpeechTask.TRANSLATE), targets=("de",), formats=ALL
    )
    first = run(task, tmp_path / "first", ScriptedRecogniser(SCRIPT, language="es"))
    stored = next(f for f in first.files if f.filename == "clip.en.json")
    second = again(
        InputFile(stored.path, stored.filename), tmp_path / "w", targets=("de",), formats=ALL
    )
    assert [t.route for t in second.tracks] == [("es", "en"), ("es", "en", "de")]
    assert second.tracks == first.tracks
    assert second.language == "es"


class Polyglot(ScriptedRecogniser):
    """The film's second half is in Spanish."""

    def transcribe(
        self,
        chunks: Iterable[Chunk],
        options: SpeechOptions,
        *,
        cancel: CancelToken,
        after: Recognised | None = None,
        caller: Caller = NOBODY,
    ) -> Generator[Recognised, None, None]:
        for result in super().transcribe(chunks, options, cancel=cancel, after=after):
            tongue = "es" if result.facts.start_ms > 6500 else "en"
            yield replace(result, facts=replace(result.facts, language=tongue))


def test_the_languages_of_a_films_parts_are_kept(clip: InputFile, tmp_path: Path) -> None:
    wishes = {"targets": ("de",), "formats": ALL, "forced": True}
    facts = ModelFacts("scripted", ("en", "es", "de"), 5000, translates=True, demo=False)
    listener = Polyglot(SCRIPT, facts=facts)
    first = run(SubtitleTask(clip, **wishes), tmp_path / "first", listener)  # type: ignore[arg-type]
    stored = next(f for f in first.files if f.filename == "clip.en.json")
    second = again(InputFile(stored.path, stored.filename), tmp_path / "w", **wishes)
    assert [f.filename for f in second.files] == [f.filename for f in first.files]
    for before, after in zip(first.files, second.files, strict=True):
        assert after.path.read_bytes() == before.path.read_bytes()
    assert {word.language for cue in second.tracks[0].cues for word in cue.words} == {"", "es"}


def test_a_film_in_which_nobody_speaks_stays_so(clip: InputFile, tmp_path: Path) -> None:
    task = SubtitleTask(clip, targets=("es",), formats=(TrackFormat.JSON,))
    stored = run(task, tmp_path / "first", ScriptedRecogniser()).files[0]
    result = again(InputFile(stored.path, stored.filename), tmp_path / "w", targets=("es",))
    assert [track.cues for track in result.tracks] == [(), ()]
    assert [n.reason for n in result.notices] == [NoticeReason.NO_SPEECH]


def test_a_direction_that_is_not_installed_is_refused(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    with pytest.raises(PairNotInstalled, match="en to fr"):
        again(first_run["clip.en.json"], tmp_path / "w", targets=("fr",))


def refusal(first_run: dict[str, InputFile], folder: Path, **changed: object) -> str:
    """What is said of the stored track with some of its fields changed."""
    document = json.loads(first_run["clip.en.json"].path.read_text())
    path = folder / "film.en.json"
    path.write_text(json.dumps({**document, **changed}))
    with pytest.raises(TranscriptUnusable) as caught:
        again(InputFile(path, path.name), folder / "w")
    return str(caught.value)


def test_a_translated_track_is_refused_and_the_right_one_named(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    with pytest.raises(TranscriptUnusable, match=r"translation from 'en'.*film\.en\.json"):
        again(first_run["clip.es.json"], tmp_path / "w")


def test_what_holds_no_words_is_refused_and_the_way_to_some_named(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    with pytest.raises(TranscriptUnusable, match="no words with times; write one with"):
        again(first_run["clip.en.srt"], tmp_path / "w")
    cue = {"start_ms": 0, "end_ms": 900, "lines": ["Hello."], "flags": [], "words": []}
    assert "cue 1 has text and no words" in refusal(first_run, tmp_path, cues=[cue])
    assert "was not made from speech" in refusal(first_run, tmp_path, transcript=None)
    assert "the foreign parts only" in refusal(first_run, tmp_path, kind="forced")


def test_a_track_of_another_version_or_maker_is_refused(
    first_run: dict[str, InputFile], tmp_path: Path
) -> None:
    assert "version 2; this polycue reads version 1" in refusal(first_run, tmp_path, version=2)
    assert "'format' is not 'polycue-track'" in refusal(first_run, tmp_path, format="whisper")


texts = st.sampled_from(["a", "the", "Bo", "river,", "sleeping.", "Unbelievable!", "1999", "–"])


@st.composite
def spoken(draw: st.DrawFn) -> tuple[Recognised, ...]:
    """Chunks of words in order, with pauses of all lengths within and between them."""
    at_ms, results = 0, []
    for size in draw(st.lists(st.integers(0, 12), max_size=5)):
        begin_ms, words = at_ms, []
        for _ in range(size):
            at_ms += draw(st.sampled_from([0, 0, 40, 300, 900, 2500]))
            end_ms = at_ms + draw(st.integers(0, 700))
            words.append(Word(draw(texts), at_ms, end_ms, draw(st.sampled_from([None, 0.1, 0.9]))))
            at_ms = end_ms
        at_ms += draw(st.sampled_from([1, 200, 2500]))
        facts = ChunkFacts(begin_ms, at_ms, "en", -0.2, 0.01, 1.2, size)
        results.append(Recognised(tuple(words), facts, 1.0))
        at_ms += draw(st.sampled_from([0, 1000]))
    return tuple(results)


@settings(max_examples=60, deadline=None)
@given(spoken())
def test_whatever_was_heard_is_laid_out_the_same_again(results: tuple[Recognised, ...]) -> None:
    words = tuple(word for result in results for word in result.words)
    duration_ms = results[-1].facts.end_ms + 500 if results else 500
    transcript = Transcript(
        words, "en", 1.0, tuple(r.facts for r in results), duration_ms, "scripted"
    )

    def laid_out(heard: Transcript) -> TaskResult:
        file = InputFile(Path("film.en.json"), "film.en.json")
        task = SubtitleTask(file, speech=SpeechOptions(language="en"), targets=("es",))
        run = Run(Deaf(), FakeTranslator(), cancel=CancelToken(), report=lambda event: None)
        done = Subtitling(task, film_of(heard, file), run).run_again(heard)
        return TaskResult(done.tracks, transcript=done.transcript)

    first = laid_out(transcript)
    if first.tracks[0].cues:
        text = json_track.write(first.tracks[0], transcript)
        stored = json_track.read_document(text)
        kept = tuple(word for cue in stored.track.cues for word in cue.words)
        assert kept == words
        assert stored.transcript is not None
        second = laid_out(Transcript(kept, "en", 1.0, stored.transcript.chunks, duration_ms, "x"))
        assert second.tracks == first.tracks
