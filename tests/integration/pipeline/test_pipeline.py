"""The stages together, with real sound and a recogniser that says what it is told."""

import json
from collections.abc import Generator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from polycue import metrics
from polycue.domain.caller import Caller, Urgency
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.errors import (
    InvalidRequest,
    LimitExceeded,
    ModelsTooLarge,
    MuxRejected,
    NoRoomNow,
    RecognitionFailed,
)
from polycue.domain.notice import NoticeReason
from polycue.domain.progress import Event, LanguageFound, Stage, StageMoved
from polycue.domain.report import LintRule
from polycue.domain.request import (
    Container,
    GivenTrack,
    InputFile,
    LayoutOptions,
    MuxOptions,
    MuxTask,
    SpeechOptions,
    SpeechTask,
    SubtitleTask,
    SyncTask,
)
from polycue.domain.transcript import Word
from polycue.domain.translation import Hypotheses, Search
from polycue.media.probe import probe
from polycue.pipeline.pipeline import Pipeline
from polycue.pipeline.result import TaskResult
from polycue.testing.recogniser import ScriptedRecogniser
from polycue.testing.translator import BEST, FakeTranslator
from support import studio

# The demo clip speaks at 3.5..6.4 s, 7.2..9.2 s, 10..13.4 s and 14.2..17.6 s.
SCRIPT = (Word("One", 3600, 4000), Word("river.", 4100, 5000), Word("Two.", 7300, 8000))


@pytest.fixture(scope="module")
def clip(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    film = repository / "demo" / "tour.mp4"
    return studio.cut(film, tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=10.0)


def run(task: SubtitleTask | MuxTask, folder: Path, **recogniser: object) -> TaskResult:
    heard = ScriptedRecogniser(SCRIPT, **recogniser)  # type: ignore[arg-type]
    pipeline = Pipeline(heard, FakeTranslator(), max_media_ms=60_000)
    return pipeline.run(task, workdir=folder, cancel=CancelToken(), report=lambda event: None)


def test_the_recogniser_hears_whom_a_task_is_for(clip: Path, tmp_path: Path) -> None:
    heard, caller = ScriptedRecogniser(SCRIPT), Caller("films", "one", Urgency.LIVE)
    subtitle = tmp_path / "clip.srt"
    subtitle.write_text("1\n00:00:03,600 --> 00:00:05,000\nOne river.\n")
    film = InputFile(clip, "clip.mp4")
    for task in (SubtitleTask(film), SyncTask(film, InputFile(subtitle, "clip.srt"))):
        Pipeline(heard, FakeTranslator()).run(
            task, workdir=tmp_path, cancel=CancelToken(), report=lambda event: None, caller=caller
        )
    assert heard.callers == [caller, caller]


class Closed(ScriptedRecogniser):
    """Counts what was heard to its end or let go: a generator that is open keeps a model busy."""

    begun = ended = 0

    def transcribe(self, *args: Any, **kwargs: Any) -> Generator[Recognised, None, None]:
        self.begun += 1
        try:
            yield from super().transcribe(*args, **kwargs)
        finally:
            self.ended += 1


def test_a_job_that_fails_lets_go_of_what_it_was_hearing(clip: Path, tmp_path: Path) -> None:
    heard = Closed(SCRIPT)
    subtitle = tmp_path / "clip.srt"
    subtitle.write_text("1\n00:00:03,600 --> 00:00:05,000\nOne river.\n")
    film = InputFile(clip, "clip.mp4")

    def report(event: Event) -> None:
        if isinstance(event, LanguageFound):
            raise KeyError("the job itself")

    for task in (SubtitleTask(film), SyncTask(film, InputFile(subtitle, "clip.srt"))):
        with pytest.raises(KeyError) as failed:
            Pipeline(heard, FakeTranslator()).run(
                task, workdir=tmp_path, cancel=CancelToken(), report=report
            )
        assert failed.tb is not None  # which holds all frames
        assert heard.ended == heard.begun
    assert heard.begun == 2


def test_what_the_way_from_film_to_recogniser_takes_is_counted(clip: Path, tmp_path: Path) -> None:
    def counted(name: str, **labels: str) -> float:
        return metrics.REGISTRY.get_sample_value(f"polycue_{name}_total", labels) or 0.0

    stages = ("decode", "cut", "held")
    before = [counted("sound_seconds", stage=stage) for stage in stages]
    decoded_s = counted("decoded_audio_seconds")
    result = run(SubtitleTask(InputFile(clip, "clip.mp4")), tmp_path)
    sound_ms = 1000 * (counted("decoded_audio_seconds") - decoded_s)
    assert 0 <= result.duration_ms - sound_ms < 500  # it ends before the picture
    after = [counted("sound_seconds", stage=stage) for stage in stages]
    assert all(now > then for now, then in zip(after, before, strict=True))


def test_whispers_own_translation_is_an_english_track_with_its_route(
    clip: Path, tmp_path: Path
) -> None:
    speech = SpeechOptions(task=SpeechTask.TRANSLATE)
    task = SubtitleTask(InputFile(clip, "clip.mp4"), speech=speech, targets=("de", "en"))
    result = run(task, tmp_path, language="es")
    assert result.language == "es"
    assert [(t.language, t.route) for t in result.tracks] == [
        ("en", ("es", "en")),
        ("de", ("es", "en", "de")),
    ]


def test_the_language_that_is_spoken_is_not_translated_into_itself(
    clip: Path, tmp_path: Path
) -> None:
    task = SubtitleTask(InputFile(clip, "clip.mp4"), targets=("en", "es", "es"))
    assert [t.language for t in run(task, tmp_path).tracks] == ["en", "es"]


def test_bilingual_tracks_have_names_of_their_own_beside_the_film_and_in_a_copy(
    clip: Path, tmp_path: Path
) -> None:
    task = SubtitleTask(
        InputFile(clip, "clip.mp4"),
        targets=("es",),
        bilingual=True,
        mux=(MuxOptions(Container.MKV),),
    )
    result = run(task, tmp_path)
    assert [file.filename for file in result.files] == [
        "clip.en.srt",
        "clip.bilingual.es.srt",
        "clip.en.report.json",
        "clip.bilingual.es.report.json",
        "clip.subtitled.mkv",
    ]
    assert "One river.\nes: One river.\n" in (tmp_path / "clip.bilingual.es.srt").read_text()
    streams = probe(result.files[-1].path, cancel=CancelToken()).streams
    both = [(s.language, s.title) for s in streams if s.kind == "subtitle"][-1]
    assert both == ("es", "English / Español")


class Crowded(FakeTranslator):
    """Has no room, for as long as what it is told of is in use."""

    def __init__(self, never_beside: Sequence[str]) -> None:
        super().__init__()
        self._never_beside = never_beside

    def translate(
        self,
        texts: Sequence[str],
        route: tuple[str, ...],
        search: Search = BEST,
        *,
        cancel: CancelToken,
    ) -> list[Hypotheses]:
        raise NoRoomNow("en_es", 2**30, self._never_beside, 30)


@pytest.mark.parametrize(
    ("in_use", "refusal", "words"),
    [
        (["scripted"], ModelsTooLarge, "'scripted' and 'en_es' .* --model-memory-bytes"),
        (["another"], NoRoomNow, "try again in 30 s"),
    ],
    ids=["its own", "another's"],
)
def test_a_film_does_not_wait_for_room_that_its_own_recogniser_takes(
    clip: Path, tmp_path: Path, in_use: list[str], refusal: type[Exception], words: str
) -> None:
    pipeline = Pipeline(ScriptedRecogniser(SCRIPT), Crowded(in_use))
    task = SubtitleTask(InputFile(clip, "clip.mp4"), targets=("es",))
    with pytest.raises(refusal, match=words):
        pipeline.run(task, workdir=tmp_path, cancel=CancelToken(), report=lambda event: None)


def test_a_doubtful_language_is_told(clip: Path, tmp_path: Path) -> None:
    task = SubtitleTask(InputFile(clip, "clip.mp4"))
    notices = run(task, tmp_path, language_probability=0.31).notices
    assert [(n.reason, n.facts["probability"]) for n in notices] == [
        (NoticeReason.LANGUAGE_UNCERTAIN, "0.310")
    ]


def test_where_somebody_speaks_is_kept(clip: Path, tmp_path: Path) -> None:
    transcript = run(SubtitleTask(InputFile(clip, "clip.mp4")), tmp_path).transcript
    assert transcript is not None
    speech = transcript.speech
    assert 3300 < speech[0].start_ms < 3700
    assert all(one.end_ms < other.start_ms for one, other in pairwise(speech))
    heard_ms = sum(span.duration_ms for span in speech)
    assert 4000 < heard_ms < 5500  # 3.5 to 6.4 s and 7.2 to 9.2 s, less short pauses


def test_a_chunk_that_fails_fails_the_film_and_says_where(clip: Path, tmp_path: Path) -> None:
    # A film with a silent hole in it would look like a success.
    with pytest.raises(RecognitionFailed) as caught:
        run(SubtitleTask(InputFile(clip, "clip.mp4")), tmp_path, fails_at_ms=4000)
    assert caught.value.start_ms < 4000
    assert list(tmp_path.iterdir()) == []


def test_a_film_over_the_limit_is_refused_and_not_cut_short(
    repository: Path, tmp_path: Path
) -> None:
    film = InputFile(repository / "demo" / "tour.mp4", "tour.mp4")
    with pytest.raises(LimitExceeded) as caught:
        run(SubtitleTask(film), tmp_path)
    assert caught.value.limit == 60_000


def test_an_unknown_preset_is_told_before_any_work(tmp_path: Path, clip: Path) -> None:
    layout = LayoutOptions(preset="no-such")
    with pytest.raises(InvalidRequest, match="netflix"):
        run(SubtitleTask(InputFile(clip, "clip.mp4"), layout=layout), tmp_path)


def test_subtitles_of_somebody_else_are_muxed_as_given(clip: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.vtt"
    given.write_text("WEBVTT\n\n00:01.000 --> 00:03.000\n<i>Tom &amp; Jerry</i>\n")
    track = GivenTrack(InputFile(given, "given.vtt"), "de", title="Kommentar", default=True)
    options = MuxOptions(Container.MKV)
    result = run(MuxTask(InputFile(clip, "clip.mp4"), (track,), options), tmp_path)
    (file,) = result.files
    assert file.filename == "clip.subtitled.mkv"
    stream = probe(file.path, cancel=CancelToken()).streams[-1]
    assert (stream.language, stream.title) == ("de", "Kommentar")
    assert "default" in stream.dispositions


def test_what_was_repaired_in_a_given_file_is_told(clip: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.srt"
    overlapping = (
        "1\n00:00:01,000 --> 00:00:05,000\nEins.\n\n2\n00:00:03,000 --> 00:00:06,000\nZwei.\n"
    )
    given.write_text(overlapping)
    track = GivenTrack(InputFile(given, "given.srt"), "de")
    result = run(MuxTask(InputFile(clip, "clip.mp4"), (track,)), tmp_path)
    assert [notice.reason for notice in result.notices] == [NoticeReason.SUBTITLE_REPAIRED]


def test_each_stage_ends_once_and_none_goes_back(clip: Path, tmp_path: Path) -> None:
    task = SubtitleTask(InputFile(clip, "clip.mp4"), targets=("es",), mux=(MuxOptions(),))
    events: list[Event] = []
    pipeline = Pipeline(ScriptedRecogniser(SCRIPT), FakeTranslator())
    pipeline.run(task, workdir=tmp_path, cancel=CancelToken(), report=events.append)
    moves = [event for event in events if isinstance(event, StageMoved)]
    for stage in set(Stage) - {Stage.SYNC}:
        own = [moved for moved in moves if moved.stage is stage]
        done = [moved.processed_ms for moved in own]
        assert done == sorted(done)
        assert [moved.finished for moved in own] == [False] * (len(own) - 1) + [True]


def test_burning_in_draws_one_track_and_adds_the_others(clip: Path, tmp_path: Path) -> None:
    options = MuxOptions(Container.MP4, burn_in="es")
    task = SubtitleTask(InputFile(clip, "clip.mp4"), targets=("es",), mux=(options,))
    file = run(task, tmp_path).files[-1]
    assert file.filename == "clip.es.burned.mp4"
    media = probe(file.path, cancel=CancelToken())
    assert [s.language for s in media.streams if s.kind == "subtitle"] == ["en"]


@pytest.mark.parametrize("language", ["", "en"])
@pytest.mark.parametrize("options", [MuxOptions(burn_in="fr"), MuxOptions(default="fr")])
def test_a_track_that_there_will_not_be_is_neither_drawn_nor_preferred(
    clip: Path, tmp_path: Path, options: MuxOptions, language: str
) -> None:
    # The copy was written all the same, with nothing drawn into it and nobody told.
    task = SubtitleTask(
        InputFile(clip, "clip.mp4"),
        speech=SpeechOptions(language=language),
        targets=("es",),
        mux=(options,),
    )
    with pytest.raises(InvalidRequest, match=r"'fr' is no track of this film; it has en, es"):
        run(task, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_given_track_to_be_drawn_must_be_among_those_given(clip: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.srt"
    given.write_text("1\n00:00:01,000 --> 00:00:03,000\nHallo.\n")
    track = GivenTrack(InputFile(given, "given.srt"), "de")
    options = MuxOptions(Container.MKV, burn_in="en")
    with pytest.raises(InvalidRequest, match="burn_in"):
        run(MuxTask(InputFile(clip, "clip.mp4"), (track,), options), tmp_path)


def test_a_container_that_cannot_hold_the_film_is_told_before_a_word_is_heard(
    clip: Path, tmp_path: Path
) -> None:
    # It was told after the whole transcription, and everything was lost with it.
    task = SubtitleTask(InputFile(clip, "clip.mp4"), mux=(MuxOptions(Container.WEBM),))
    with pytest.raises(MuxRejected, match="write an mkv"):
        run(task, tmp_path, fails_at_ms=4000)


def test_each_track_comes_with_its_report(clip: Path, tmp_path: Path) -> None:
    task = SubtitleTask(InputFile(clip, "clip.mp4"), targets=("es",), report_page=True)
    result = run(task, tmp_path)
    own, spanish = (track.report for track in result.tracks)
    assert own is not None
    assert spanish is not None
    assert (own.cue_count, own.language, own.preset) == (2, "en", "netflix")
    assert own.recognition is not None
    assert [spoken.language for spoken in own.recognition.languages] == ["en"]
    assert spanish.translation is not None
    assert spanish.translation.route == ("en", "es")
    unchecked = {result.rule for result in own.rules if result.count is None}
    assert unchecked == {LintRule.VTT_SYNTAX}  # the film shows where its shots change, too
    names = [file.filename for file in result.files]
    assert names == [
        *("clip.en.srt", "clip.es.srt"),
        *("clip.en.report.json", "clip.en.report.html"),
        *("clip.es.report.json", "clip.es.report.html"),
    ]
    document = json.loads((tmp_path / "clip.es.report.json").read_text(encoding="utf-8"))
    assert document["translation"]["route"] == ["en", "es"]
    page = (tmp_path / "clip.en.report.html").read_text(encoding="utf-8")
    assert "<title>clip.en: subtitle report</title>" in page
