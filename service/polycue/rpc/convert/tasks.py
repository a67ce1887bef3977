"""Requests to tasks."""

from collections.abc import Callable
from dataclasses import replace

from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import (
    GivenTrack,
    InputFile,
    MuxTask,
    SpeechOptions,
    SubtitleTask,
    SyncMode,
    SyncTask,
    Task,
    TranslateTask,
)
from polycue.domain.track import TrackKind
from polycue.rpc.convert import fields, outputs
from polycue.rpc.convert.layout import layout_options
from polycue.rpc.convert.sources import audio_choice
from polycue.rpc.convert.speech import speech_options
from polycue.rpc.convert.translations import foreign_targets, targets, translation_options

_MOST_TRACKS = 50
_LONGEST_TITLE_CHARS = 200
_SYNC_MODES: dict[jobs_pb2.SyncMode.ValueType, SyncMode] = {
    jobs_pb2.SYNC_MODE_UNSPECIFIED: SyncMode.AUTO,
    jobs_pb2.SYNC_MODE_TEXT: SyncMode.TEXT,
    jobs_pb2.SYNC_MODE_SPEECH: SyncMode.SPEECH,
}

Find = Callable[[media_pb2.MediaSource, str], InputFile]
"""The file a source means; the second argument is the source's field, for errors to name."""

ClipRequest = transcription_pb2.TranscribeRequest | transcription_pb2.StreamTranscribeRequest


def task(spec: jobs_pb2.JobSpec, find: Find) -> Task:
    """What a job is to do.

    Raises:
        InvalidRequest: a field is not usable; the error names it.
    """
    match spec.WhichOneof("task"):
        case "subtitle":
            return _subtitle(spec.subtitle, "spec.subtitle", find)
        case "translate":
            return _translate(spec.translate, "spec.translate", find)
        case "mux":
            return _mux(spec.mux, "spec.mux", find)
        case "sync":
            return _sync(spec.sync, "spec.sync", find)
        case _:
            raise InvalidRequest("spec", "says no task: subtitle, translate, mux or sync")


def clip_task(request: ClipRequest, find: Find) -> SubtitleTask:
    """What a call is to do: tracks, and no files."""
    return SubtitleTask(
        media=find(request.media, "media"),
        audio=audio_choice(request.media, "media"),
        speech=speech_options(request.transcribe, "transcribe"),
        targets=targets(request.translations, "translations"),
        translations=translation_options(request.translations, "translations"),
        layout=layout_options(request.layout, "layout"),
        formats=(),
    )


def _subtitle(message: jobs_pb2.SubtitleTask, field: str, find: Find) -> SubtitleTask:
    media, transcript = _film_and_transcript(message, field, find)
    if message.mux and transcript and not message.HasField("media"):
        raise InvalidRequest(f"{field}.media", "is needed for a muxed copy; give the film too")
    return SubtitleTask(
        media=media,
        audio=audio_choice(message.media, f"{field}.media"),
        speech=_speech(message, field),
        targets=targets(message.translations, f"{field}.translations"),
        translations=translation_options(message.translations, f"{field}.translations"),
        bilingual=message.bilingual,
        layout=layout_options(message.layout, f"{field}.layout"),
        formats=outputs.track_formats(message.formats, f"{field}.formats"),
        mux=outputs.mux_copies(message.mux, f"{field}.mux"),
        forced=message.forced,
        transcript=transcript,
        report_page=message.report_page,
    )


def _speech(message: jobs_pb2.SubtitleTask, field: str) -> SpeechOptions:
    """How to recognise; who wants the foreign parts wants them heard as such."""
    options = speech_options(message.transcribe, f"{field}.transcribe")
    if not message.forced or options.multilingual:
        return options
    if options.multilingual is False:
        raise InvalidRequest(
            f"{field}.forced",
            "asks for foreign parts, and 'multilingual' false says there are none",
        )
    return replace(options, multilingual=True)


def _film_and_transcript(
    message: jobs_pb2.SubtitleTask | jobs_pb2.SyncTask, field: str, find: Find
) -> tuple[InputFile, InputFile | None]:
    """The film, or the transcript in its place where that is all there is."""
    if not message.HasField("transcript"):
        return find(message.media, f"{field}.media"), None
    transcript = find(message.transcript, f"{field}.transcript")
    if message.HasField("media"):
        return find(message.media, f"{field}.media"), transcript
    return transcript, transcript


def _translate(message: jobs_pb2.TranslateTask, field: str, find: Find) -> TranslateTask:
    spoken = fields.language(message.language_code, f"{field}.language_code")
    return TranslateTask(
        subtitle=find(message.subtitle, f"{field}.subtitle"),
        language=spoken,
        targets=foreign_targets(message.translations, f"{field}.translations", spoken),
        translations=translation_options(message.translations, f"{field}.translations"),
        layout=layout_options(message.layout, f"{field}.layout"),
        formats=outputs.track_formats(message.formats, f"{field}.formats"),
        report_page=message.report_page,
    )


def _sync(message: jobs_pb2.SyncTask, field: str, find: Find) -> SyncTask:
    media, transcript = _film_and_transcript(message, field, find)
    return SyncTask(
        media=media,
        subtitle=find(message.subtitle, f"{field}.subtitle"),
        audio=audio_choice(message.media, f"{field}.media"),
        language=fields.optional_language(message.language_code, f"{field}.language_code"),
        mode=_sync_mode(message.mode, f"{field}.mode"),
        speech=speech_options(message.transcribe, f"{field}.transcribe"),
        formats=outputs.track_formats(message.formats, f"{field}.formats"),
        force=message.force,
        transcript=transcript,
    )


def _sync_mode(value: jobs_pb2.SyncMode.ValueType, field: str) -> SyncMode:
    if value not in _SYNC_MODES:
        raise InvalidRequest(field, f"there is no mode {value}")
    return _SYNC_MODES[value]


def _mux(message: jobs_pb2.MuxTask, field: str, find: Find) -> MuxTask:
    if not 1 <= len(message.tracks) <= _MOST_TRACKS:
        raise InvalidRequest(
            f"{field}.tracks", f"there are {len(message.tracks)}, not 1 to {_MOST_TRACKS}"
        )
    return MuxTask(
        media=find(message.media, f"{field}.media"),
        tracks=tuple(
            _given_track(track, f"{field}.tracks[{number}]", find)
            for number, track in enumerate(message.tracks)
        ),
        options=outputs.mux_options(message.config, f"{field}.config"),
    )


def _given_track(message: jobs_pb2.MuxTrack, field: str, find: Find) -> GivenTrack:
    if message.forced and message.hearing_impaired:
        raise InvalidRequest(field, "is both forced and hearing_impaired")
    kind = TrackKind.SUBTITLES
    if message.forced:
        kind = TrackKind.FORCED
    elif message.hearing_impaired:
        kind = TrackKind.CAPTIONS
    return GivenTrack(
        subtitle=find(message.subtitle, f"{field}.subtitle"),
        language=fields.language(message.language_code, f"{field}.language_code"),
        title=fields.short_text(message.title, f"{field}.title", most_chars=_LONGEST_TITLE_CHARS),
        kind=kind,
        default=message.default_track,
    )
