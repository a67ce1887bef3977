import math
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import FormatNotInstalled, InvalidRequest, LimitExceeded, UnknownLanguage
from polycue.domain.media import AudioChoice
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import CuesReady, Event, MediaFound, Stage, StageMoved
from polycue.domain.request import (
    Audience,
    Container,
    DefenceOptions,
    DetectionOptions,
    InputFile,
    LayoutOptions,
    MuxOptions,
    ShotMode,
    SpeechOptions,
    SpeechTask,
    SubtitleTask,
    SyncMode,
    SyncTask,
    TranslationOptions,
    options_for,
)
from polycue.domain.track import Track, TrackFormat, TrackKind
from polycue.domain.transcript import Word
from polycue.domain.translation import Term
from polycue.jobs.job import JobState
from polycue.pipeline.result import TaskResult
from polycue.rpc.convert import fields, jobs, names, outputs, sources, tasks, times, tracks

FILE = InputFile(Path("film.mkv"), "film.mkv")


def find(message: media_pb2.MediaSource, field: str) -> InputFile:
    return FILE


def spec(**task: Any) -> jobs_pb2.JobSpec:
    task.setdefault("formats", [media_pb2.SUBTITLE_FORMAT_SRT])
    return jobs_pb2.JobSpec(subtitle=jobs_pb2.SubtitleTask(**task))


def refusal(message: jobs_pb2.JobSpec) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        tasks.task(message, find)
    return caught.value


def test_nothing_said_means_the_defaults() -> None:
    assert tasks.task(spec(), find) == SubtitleTask(FILE, formats=(TrackFormat.SRT,))


def test_everything_said_arrives() -> None:
    message = spec(
        media=media_pb2.MediaSource(
            content=b"x", audio=media_pb2.AudioSelector(language_code="DE")
        ),
        transcribe=media_pb2.TranscribeConfig(
            model="models/large-v3",
            language_code="pt_br",
            hotwords=["polycue"],
            beam_size=1,
            initial_prompt="A film.",
            task=media_pb2.SPEECH_TASK_TRANSLATE,
            speech_detection=media_pb2.SpeechDetectionConfig(
                threshold=0.25, min_silence=times.duration(120), padding=times.duration(0)
            ),
            allowed_language_codes=["pt-BR", "ES"],
            multilingual=True,
            defence=media_pb2.DefenceConfig(
                off=True,
                compression_ratio_threshold=2,
                logprob_threshold=-0.5,
                no_speech_threshold=0.75,
                hallucination_silence_threshold=times.duration(2000),
                max_chars_per_second=25,
                temperatures=[0, 0.2, 1],
            ),
        ),
        translations=[
            media_pb2.TranslateConfig(target_language_code=code) for code in ("es", "zh-hant")
        ],
        layout=media_pb2.LayoutConfig(
            preset="netflix",
            max_line_chars=37,
            max_line_count=1,
            min_cue_duration=times.duration(900),
            max_cue_duration=times.duration(6000),
            max_chars_per_second=17.5,
            audience=media_pb2.AUDIENCE_CHILDREN,
            hearing_impaired=True,
            min_gap_frames=3,
            chain_gap=times.duration(400),
            linger=times.duration(700),
            shots=media_pb2.SHOT_MODE_ON,
            explain=True,
        ),
        formats=[media_pb2.SUBTITLE_FORMAT_VTT, media_pb2.SUBTITLE_FORMAT_JSON],
        mux=[
            jobs_pb2.MuxConfig(
                container=jobs_pb2.MUX_CONTAINER_WEBM,
                burn_in_language_code="ES",
                default_language_code="pt-BR",
            ),
            jobs_pb2.MuxConfig(),
        ],
        forced=True,
    )
    assert tasks.task(message, find) == SubtitleTask(
        media=FILE,
        audio=AudioChoice(language="de"),
        speech=SpeechOptions(
            model="large-v3",
            language="pt-BR",
            task=SpeechTask.TRANSLATE,
            beam_size=1,
            initial_prompt="A film.",
            hotwords=("polycue",),
            detection=DetectionOptions(threshold=0.25, min_silence_ms=120, padding_ms=0),
            allowed_languages=("pt-BR", "es"),
            multilingual=True,
            defence=DefenceOptions(False, 2.0, -0.5, 0.75, 2000, 25.0, (0.2, 1.0)),
        ),
        targets=("es", "zh-Hant"),
        layout=LayoutOptions(
            *("netflix", 37, 1, 900, 6000, 17.5, Audience.CHILDREN),
            hearing_impaired=True,
            min_gap_frames=3,
            chain_gap_ms=400,
            linger_ms=700,
            shots=ShotMode.ON,
            explain=True,
        ),
        formats=(TrackFormat.VTT, TrackFormat.JSON),
        mux=(MuxOptions(Container.WEBM, burn_in="es", default="pt-BR"), MuxOptions()),
        forced=True,
    )


def test_a_preset_of_the_callers_own_goes_by_the_name_it_gives() -> None:
    message = laid_out(preset="house.toml", custom_preset='extends = "ted"')
    layout = getattr(tasks.task(message, find), "layout")  # noqa: B009
    assert layout == LayoutOptions("house.toml", custom_preset='extends = "ted"')
    wrong = laid_out(preset="house.toml", custom_preset="[default]\nmax_cpl = 3")
    assert refusal(wrong).problem.startswith("house.toml: [default] there is no 'max_cpl'")


@pytest.mark.parametrize("language", ["", "en"])
def test_who_wants_the_foreign_parts_has_the_language_followed(language: str) -> None:
    config = media_pb2.TranscribeConfig(language_code=language)
    made = tasks.task(spec(forced=True, transcribe=config), find)
    assert isinstance(made, SubtitleTask)
    assert (made.forced, made.speech.multilingual) == (True, True)
    assert made.speech.language == language
    config.multilingual = False
    assert refusal(spec(forced=True, transcribe=config)).field == "spec.subtitle.forced"


def test_a_clip_makes_no_files() -> None:
    request = transcription_pb2.TranscribeRequest(media=media_pb2.MediaSource(content=b"x"))
    assert tasks.clip_task(request, find) == SubtitleTask(FILE, formats=())


def to(*codes: str) -> list[media_pb2.TranslateConfig]:
    return [media_pb2.TranslateConfig(target_language_code=code) for code in codes]


def settled(*entries: media_pb2.GlossaryEntry) -> jobs_pb2.JobSpec:
    wish = media_pb2.TranslateConfig(target_language_code="de", glossary=entries)
    return spec(translations=[*to("es"), wish])


def term(term: str, translation: str = "") -> media_pb2.GlossaryEntry:
    return media_pb2.GlossaryEntry(term=term, translation=translation)


def beams(beam_size: int) -> media_pb2.TranslateConfig:
    return media_pb2.TranslateConfig(target_language_code="es", beam_size=beam_size)


def transcribe(**config: Any) -> jobs_pb2.JobSpec:
    return spec(transcribe=media_pb2.TranscribeConfig(**config))


def laid_out(**config: Any) -> jobs_pb2.JobSpec:
    return spec(layout=media_pb2.LayoutConfig(**config))


def heard(**selector: Any) -> jobs_pb2.JobSpec:
    return spec(media=media_pb2.MediaSource(audio=media_pb2.AudioSelector(**selector)))


def detected(**config: Any) -> jobs_pb2.JobSpec:
    return transcribe(speech_detection=media_pb2.SpeechDetectionConfig(**config))


def defended(**config: Any) -> jobs_pb2.JobSpec:
    return transcribe(defence=media_pb2.DefenceConfig(**config))


BAD: dict[str, list[jobs_pb2.JobSpec]] = {
    "spec": [jobs_pb2.JobSpec()],
    "spec.subtitle.transcribe.model": [
        transcribe(model="large-v3"),
        transcribe(model="models/"),
        transcribe(model="models/../../etc"),
    ],
    "spec.subtitle.layout.shots": [laid_out(shots=9)],
    "spec.subtitle.transcribe.language_code": [
        transcribe(language_code="no language"),
        transcribe(language_code="x" * 1000),
    ],
    "spec.subtitle.translations[0].beam_size": [
        spec(translations=[beams(n)]) for n in (0, -1, 11, 2**31 - 1)
    ],
    "spec.subtitle.transcribe.beam_size": [transcribe(beam_size=n) for n in (0, -1, 11, 2**31 - 1)],
    "spec.subtitle.transcribe.task": [transcribe(task=9)],
    "spec.subtitle.transcribe.initial_prompt": [transcribe(initial_prompt="x" * 2001)],
    "spec.subtitle.transcribe.hotwords": [transcribe(hotwords=["x"] * 101)],
    "spec.subtitle.transcribe.hotwords[1]": [
        transcribe(hotwords=["a", " "]),
        transcribe(hotwords=["a", "x" * 101]),
    ],
    "spec.subtitle.transcribe.speech_detection.threshold": [
        detected(threshold=value) for value in (-0.1, 1.1, math.nan, math.inf)
    ],
    "spec.subtitle.transcribe.speech_detection.min_silence": [
        detected(min_silence=Duration(seconds=-1)),
        detected(min_silence=Duration(seconds=11)),
        detected(min_silence=Duration(seconds=1, nanos=-1)),
        detected(min_silence=Duration(seconds=2**62)),
    ],
    "spec.subtitle.transcribe.speech_detection.padding": [detected(padding=Duration(seconds=6))],
    "spec.subtitle.transcribe.allowed_language_codes": [
        transcribe(allowed_language_codes=["es", "ES"]),
        transcribe(allowed_language_codes=["es"], language_code="en"),
        transcribe(allowed_language_codes=["es"] * 101),
    ],
    "spec.subtitle.transcribe.allowed_language_codes[1]": [
        transcribe(allowed_language_codes=["es", code]) for code in ("", "no language")
    ],
    **{
        f"spec.subtitle.transcribe.defence.{name}": [defended(**{name: v}) for v in values]
        for name, values in {
            "compression_ratio_threshold": (0.5, math.nan),
            "logprob_threshold": (0.1, -math.inf),
            "no_speech_threshold": (-0.1, 1.1),
            "max_chars_per_second": (0, math.inf),
            "hallucination_silence_threshold": (Duration(seconds=61), Duration(seconds=-1)),
            "temperatures": ([0.2] * 11,),
        }.items()
    },
    "spec.subtitle.transcribe.defence.temperatures[1]": [defended(temperatures=[0.2, 1.5])],
    "spec.subtitle.media.audio": [heard(), heard(title=" ")],
    "spec.subtitle.media.audio.ordinal": [heard(ordinal=-1), heard(ordinal=1001)],
    "spec.subtitle.media.audio.language_code": [heard(language_code="no language")],
    "spec.subtitle.media.audio.title": [heard(title="x" * 201)],
    "spec.subtitle.translations": [
        spec(translations=to("es", "de", "ES")),
        spec(translations=to(*["es"] * 21)),
    ],
    "spec.subtitle.translations[1].target_language_code": [spec(translations=to("es", ""))],
    "spec.subtitle.translations[1].glossary": [settled(*[term("a")] * 1001)],
    "spec.subtitle.translations[1].glossary[1].term": [
        settled(term("a"), term(text)) for text in ("", " ", "?!", "x" * 101, "a\0b")
    ],
    "spec.subtitle.translations[1].glossary[0].translation": [
        settled(term("a", "x" * 201)),
        settled(term("a", "b\0")),
    ],
    "spec.subtitle.layout.preset": [
        laid_out(preset="../netflix"),
        laid_out(preset="nowhere"),
        laid_out(preset="x" * 101),
    ],
    "spec.subtitle.layout.custom_preset": [
        laid_out(custom_preset="[default]\nmax_cpl = 3"),
        laid_out(custom_preset="x" * 65_537),
    ],
    "spec.subtitle.layout.audience": [laid_out(audience=9)],
    "spec.subtitle.layout.min_gap_frames": [laid_out(min_gap_frames=n) for n in (-1, 25)],
    "spec.subtitle.layout.chain_gap": [laid_out(chain_gap=times.duration(5001))],
    "spec.subtitle.layout.linger": [
        laid_out(linger=times.duration(5001)),
        laid_out(linger=Duration(seconds=-1)),
    ],
    "spec.subtitle.layout.max_line_chars": [laid_out(max_line_chars=n) for n in (0, 201, -5)],
    "spec.subtitle.layout.max_line_count": [laid_out(max_line_count=n) for n in (0, 5)],
    "spec.subtitle.layout.max_chars_per_second": [
        laid_out(max_chars_per_second=n) for n in (0, -1, math.nan, math.inf)
    ],
    "spec.subtitle.layout.min_cue_duration": [
        laid_out(min_cue_duration=Duration(seconds=-1)),
        laid_out(min_cue_duration=times.duration(9000), max_cue_duration=times.duration(2000)),
    ],
    "spec.subtitle.layout.max_cue_duration": [laid_out(max_cue_duration=Duration(seconds=100))],
    "spec.subtitle.formats": [spec(formats=[]), spec(formats=[1, 2, 1])],
    "spec.subtitle.formats[1]": [spec(formats=[1, 0]), spec(formats=[1, 77])],
    "spec.subtitle.mux": [spec(mux=[jobs_pb2.MuxConfig()] * 9)],
    "spec.subtitle.mux[0].container": [spec(mux=[jobs_pb2.MuxConfig(container=9)])],  # type: ignore[arg-type]
    "spec.subtitle.mux[0].burn_in_language_code": [
        spec(mux=[jobs_pb2.MuxConfig(burn_in_language_code="no language")])
    ],
    "spec.translate.language_code": [
        jobs_pb2.JobSpec(translate=jobs_pb2.TranslateTask(translations=to("es")))
    ],
    "spec.translate.translations": [
        jobs_pb2.JobSpec(translate=jobs_pb2.TranslateTask(language_code="en")),
        jobs_pb2.JobSpec(
            translate=jobs_pb2.TranslateTask(language_code="en", translations=to("es", "en"))
        ),
    ],
    "spec.mux.tracks": [
        jobs_pb2.JobSpec(mux=jobs_pb2.MuxTask()),
        jobs_pb2.JobSpec(mux=jobs_pb2.MuxTask(tracks=[jobs_pb2.MuxTrack()] * 51)),
    ],
    "spec.mux.tracks[0].language_code": [
        jobs_pb2.JobSpec(mux=jobs_pb2.MuxTask(tracks=[jobs_pb2.MuxTrack()]))
    ],
    "spec.mux.tracks[0].title": [
        jobs_pb2.JobSpec(
            mux=jobs_pb2.MuxTask(tracks=[jobs_pb2.MuxTrack(language_code="en", title="x" * 201)])
        )
    ],
    "spec.mux.tracks[0]": [
        jobs_pb2.JobSpec(
            mux=jobs_pb2.MuxTask(
                tracks=[jobs_pb2.MuxTrack(language_code="en", forced=True, hearing_impaired=True)]
            )
        )
    ],
}


@pytest.mark.parametrize("field", BAD)
def test_a_field_that_cannot_be_is_named(field: str) -> None:
    for message in BAD[field]:
        assert refusal(message).field == field


def test_what_is_wished_of_a_translation_arrives() -> None:
    wish = media_pb2.TranslateConfig(
        target_language_code="PT_br",
        keep_source_cues=True,
        beam_size=1,
        glossary=[
            term(" river \n mouth ", "foz"),
            media_pb2.GlossaryEntry(term="US", case_sensitive=True),
        ],
    )
    task = tasks.task(spec(translations=[*to("es"), wish], bilingual=True), find)
    assert isinstance(task, SubtitleTask)
    assert task.targets == ("es", "pt-BR")
    assert task.bilingual
    terms = (Term("river mouth", "foz"), Term("US", case_sensitive=True))
    assert options_for("pt-BR", task.translations) == TranslationOptions(
        "pt-BR", True, terms, beam_size=1
    )
    assert options_for("es", task.translations) == TranslationOptions("es")


def test_tracks_to_mux_keep_their_kind() -> None:
    message = jobs_pb2.JobSpec(
        mux=jobs_pb2.MuxTask(
            tracks=[
                jobs_pb2.MuxTrack(language_code="en", forced=True, title="Signs"),
                jobs_pb2.MuxTrack(language_code="en", hearing_impaired=True, default_track=True),
            ]
        )
    )
    task = tasks.task(message, find)
    assert [(t.kind, t.title, t.default) for t in getattr(task, "tracks")] == [  # noqa: B009
        (TrackKind.FORCED, "Signs", False),
        (TrackKind.CAPTIONS, "", True),
    ]


@given(st.integers(-(10**12), 10**12))
def test_times_come_back_the_same(ms: int) -> None:
    assert times.milliseconds(times.duration(ms), "x", low_ms=-(10**12), high_ms=10**12) == ms


@given(st.integers(), st.integers())
def test_no_duration_however_odd_does_anything_but_be_refused(seconds: int, nanos: int) -> None:
    message = Duration(
        seconds=max(-(2**63), min(seconds, 2**63 - 1)), nanos=max(-(2**31), min(nanos, 2**31 - 1))
    )
    try:
        assert 0 <= times.milliseconds(message, "x", low_ms=0, high_ms=1000) <= 1000
    except InvalidRequest as error:
        assert error.field == "x"  # noqa: PT017


def test_instants_are_whole() -> None:
    assert times.timestamp(None) is None
    stamp = times.timestamp(1_700_000_000_123)
    assert stamp is not None
    assert stamp.ToMilliseconds() == 1_700_000_000_123


HEX = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "name",
    [
        "",
        "jobs/",
        "jobs/1",
        f"jobs/{HEX}/",
        f"jobs/{HEX.upper()}",
        f"uploads/{HEX}",
        f"jobs/{HEX}\n",
    ],
)
def test_names_of_jobs_have_one_form(name: str) -> None:
    with pytest.raises(InvalidRequest):
        names.job_id(name)


def test_names_come_back_the_same() -> None:
    assert names.job_id(names.job(HEX)) == HEX
    assert names.upload_id(names.upload(HEX)) == HEX
    odd = "Ein Film – ①.en.srt"
    assert names.artifact_ids(names.artifact(HEX, odd)) == (HEX, odd)
    with pytest.raises(InvalidRequest):
        names.artifact_ids(f"jobs/{HEX}/artifacts/a/b")


def test_what_a_source_is() -> None:
    def read(**source: Any) -> sources.Source:
        message = media_pb2.MediaSource(**source)
        return sources.source(message, "media", max_inline_bytes=3)

    assert read(upload=f"uploads/{HEX}") == sources.FromUpload(HEX)
    assert read(artifact=f"jobs/{HEX}/artifacts/a") == sources.FromArtifact(HEX, "a")
    assert read(uri="file:///a") == sources.FromUri("file:///a")
    assert read(content=b"abc") == sources.Inline(b"abc")
    with pytest.raises(LimitExceeded) as caught:
        read(content=b"abcd")
    assert (caught.value.field, caught.value.limit) == ("media.content", 3)
    for bad, field in (
        ({}, "media"),
        ({"content": b""}, "media.content"),
        ({"upload": "x"}, "media.upload"),
        ({"uri": "x" * 5000}, "media.uri"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            read(**bad)
        assert refused.value.field == field


def test_every_source_of_a_job_is_found() -> None:
    mux = jobs_pb2.JobSpec(
        mux=jobs_pb2.MuxTask(
            media=media_pb2.MediaSource(upload=f"uploads/{HEX}"),
            tracks=[
                jobs_pb2.MuxTrack(
                    subtitle=media_pb2.MediaSource(artifact=f"jobs/{HEX}/artifacts/a.srt")
                ),
                jobs_pb2.MuxTrack(subtitle=media_pb2.MediaSource(uri="file:///a")),
            ],
        )
    )
    assert [field for _, field in sources.sources_in(mux)] == [
        "spec.mux.media",
        "spec.mux.tracks[0].subtitle",
        "spec.mux.tracks[1].subtitle",
    ]
    assert sources.input_names(mux) == (f"uploads/{HEX}", f"jobs/{HEX}")


def test_labels_are_plain() -> None:
    assert fields.labels({"a/b.c-d_1": "any text ü"}) == {"a/b.c-d_1": "any text ü"}
    for bad in ({"A": ""}, {"": ""}, {"a ": ""}, {"a": "x" * 256}, {"x" * 64: ""}):
        with pytest.raises(InvalidRequest):
            fields.labels(bad)
    with pytest.raises(InvalidRequest):
        fields.labels({f"k{n}": "" for n in range(33)})


def test_a_request_id_is_a_uuid_in_one_form() -> None:
    plain = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    assert fields.request_id(plain.upper()) == plain
    assert fields.request_id("") == ""
    with pytest.raises(InvalidRequest):
        fields.request_id("x")


def test_an_unknown_language_names_the_field_and_the_text() -> None:
    with pytest.raises(UnknownLanguage) as caught:
        fields.language("no language", "a.b")
    assert (caught.value.field, caught.value.text) == ("a.b", "no language")


CUE = Cue(
    1000,
    2500,
    ("Good", "morning"),
    (Word("Good", 1000, 1500, 0.5, speaker="A"), Word("morning", 1500, 2400, language="es")),
    frozenset({CueFlag.TOO_WIDE, CueFlag.LOW_CONFIDENCE}),
)


def test_a_cue_is_told_whole() -> None:
    message = tracks.cue(CUE, 7, with_words=True)
    assert (message.index, message.text) == (7, "Good\nmorning")
    assert list(message.flags) == ["low_confidence", "too_wide"]
    assert [word.HasField("probability") for word in message.words] == [True, False]
    assert message.words[0].speaker == "A"
    assert [word.language_code for word in message.words] == ["", "es"]
    assert not tracks.cue(CUE, 7, with_words=False).words


def test_a_track_is_told_with_its_route_and_notices() -> None:
    notice = Notice(NoticeReason.NO_SPEECH, "nobody", {"a": "b"})
    message = tracks.track(
        Track("de", (CUE,), route=("en", "de"), notices=(notice,)), with_words=False
    )
    assert (message.language_code, list(message.route)) == ("de", ["en", "de"])
    assert message.kind == media_pb2.TRACK_KIND_SUBTITLES
    assert [(n.reason, n.message, dict(n.metadata)) for n in message.notices] == [
        ("NO_SPEECH", "nobody", {"a": "b"})
    ]
    assert len(tracks.notices([notice] * 1000)) == 200


def test_a_clip_is_told_event_by_event() -> None:
    telling = tracks.Telling(with_words=False)
    events: list[Event | TaskResult] = [
        MediaFound(None),
        StageMoved(Stage.EXTRACT, 5, None),
        CuesReady("en", 3, (CUE, CUE)),
        StageMoved(Stage.TRANSCRIBE, 2500, None),
        TaskResult(tracks=(Track("en", (CUE,)),), duration_ms=9),
    ]
    told = [message for event in events for message in telling.of(event)]
    assert [m.WhichOneof("event") for m in told] == [
        "started",
        "cue",
        "cue",
        "progress",
        "finished",
    ]
    assert not told[0].started.HasField("media_duration")
    assert [m.cue.cue.index for m in told[1:3]] == [3, 4]
    assert told[4].finished.cue_count == 2
    assert not told[4].finished.tracks[0].cues


def test_every_state_and_stage_has_a_number() -> None:
    assert set(jobs._STATES) == set(JobState)
    assert len(set(jobs._STATES.values())) == len(JobState)
    assert set(jobs._STAGES) == set(Stage)
    assert set(outputs.FORMATS.values()) == set(TrackFormat)
    assert set(tracks._KINDS) == set(TrackKind)


def test_a_job_that_wants_a_format_of_a_missing_extra_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "ttconv"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ttconv", None)
    wanted = [media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_TTML]
    with pytest.raises(FormatNotInstalled, match="imsc"):
        tasks.task(spec(formats=wanted), find)


def test_a_page_of_jobs_fits_into_a_message() -> None:
    large = jobs_pb2.Job(labels={"a": "x" * 1000})
    shown = jobs.fitting([large] * 10, 3 * large.ByteSize())
    assert len(shown) == 3
    assert len(jobs.fitting([large], 1)) == 1


def test_a_fingerprint_tells_requests_apart() -> None:
    one = jobs_pb2.CreateJobRequest(labels={"a": "1", "b": "2"})
    same = jobs_pb2.CreateJobRequest(labels={"b": "2", "a": "1"})
    other = jobs_pb2.CreateJobRequest(labels={"a": "1"})
    assert jobs.fingerprint(one) == jobs.fingerprint(same) != jobs.fingerprint(other)


def sync_spec(**task: Any) -> jobs_pb2.JobSpec:
    task.setdefault("formats", [media_pb2.SUBTITLE_FORMAT_SRT])
    return jobs_pb2.JobSpec(sync=jobs_pb2.SyncTask(**task))


def test_a_sync_is_of_a_film_or_of_its_transcript() -> None:
    assert tasks.task(sync_spec(), find) == SyncTask(FILE, FILE)
    source = media_pb2.MediaSource(content=b"x")
    message = sync_spec(
        transcript=source, language_code="DE", mode=jobs_pb2.SYNC_MODE_SPEECH, force=True
    )
    assert tasks.task(message, find) == SyncTask(
        FILE, FILE, language="de", mode=SyncMode.SPEECH, force=True, transcript=FILE
    )
    fields_named = [field for _, field in sources.sources_in(message)]
    assert fields_named == ["spec.sync.transcript", "spec.sync.subtitle"]
    assert refusal(sync_spec(mode=9)).field == "spec.sync.mode"
    assert refusal(sync_spec(formats=[])).field == "spec.sync.formats"


def test_a_stored_transcript_needs_no_film_but_for_copies() -> None:
    source = media_pb2.MediaSource(content=b"x")
    task = tasks.task(spec(transcript=source), find)
    assert isinstance(task, SubtitleTask)
    assert task.transcript == FILE
    assert not task.has_film
    refused = refusal(spec(transcript=source, mux=[jobs_pb2.MuxConfig()]))
    assert refused.field == "spec.subtitle.media"
    assert "give the film too" in refused.problem
