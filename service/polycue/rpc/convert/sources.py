"""Where a request says its input is."""

from collections.abc import Iterator
from dataclasses import dataclass

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.errors import InvalidRequest, LimitExceeded
from polycue.domain.media import AudioChoice
from polycue.rpc.convert import fields, names

_LONGEST_URI_CHARS = 4096
_LONGEST_TITLE_CHARS = 200
_MOST_STREAMS = 1000


@dataclass(frozen=True, slots=True)
class FromUpload:
    upload: str


@dataclass(frozen=True, slots=True)
class FromArtifact:
    job: str
    artifact: str


@dataclass(frozen=True, slots=True)
class FromUri:
    uri: str


@dataclass(frozen=True, slots=True)
class Inline:
    content: bytes


Source = FromUpload | FromArtifact | FromUri | Inline


def source(message: media_pb2.MediaSource, field: str, *, max_inline_bytes: int) -> Source:
    """Where the bytes are, as far as the message alone can say.

    Raises:
        InvalidRequest: nothing is set, or it is malformed.
        LimitExceeded: too many bytes came along.
    """
    match message.WhichOneof("source"):
        case "upload":
            return FromUpload(names.upload_id(message.upload, f"{field}.upload"))
        case "artifact":
            return FromArtifact(*names.artifact_ids(message.artifact, f"{field}.artifact"))
        case "uri":
            uri = fields.short_text(message.uri, f"{field}.uri", most_chars=_LONGEST_URI_CHARS)
            return FromUri(uri)
        case "content":
            return Inline(_content(message.content, f"{field}.content", max_inline_bytes))
        case _:
            raise InvalidRequest(field, "says no source: upload, uri, content or artifact")


def audio_choice(message: media_pb2.MediaSource, field: str) -> AudioChoice:
    """Which audio stream is meant."""
    if not message.HasField("audio"):
        return AudioChoice()
    selector, field = message.audio, f"{field}.audio"
    match selector.WhichOneof("by"):
        case "ordinal":
            ordinal = fields.within(selector.ordinal, f"{field}.ordinal", 0, _MOST_STREAMS)
            return AudioChoice(ordinal=int(ordinal))
        case "language_code":
            code = fields.language(selector.language_code, f"{field}.language_code")
            return AudioChoice(language=code)
        case "title" if selector.title.strip():
            title = fields.short_text(
                selector.title, f"{field}.title", most_chars=_LONGEST_TITLE_CHARS
            )
            return AudioChoice(title=title)
        case _:
            raise InvalidRequest(field, "says no stream: ordinal, language_code or title")


def sources_in(spec: jobs_pb2.JobSpec) -> Iterator[tuple[media_pb2.MediaSource, str]]:
    """Every source of a job, and the field it is in."""
    match spec.WhichOneof("task"):
        case "subtitle":
            if spec.subtitle.HasField("media") or not spec.subtitle.HasField("transcript"):
                yield spec.subtitle.media, "spec.subtitle.media"
            if spec.subtitle.HasField("transcript"):
                yield spec.subtitle.transcript, "spec.subtitle.transcript"
        case "translate":
            yield spec.translate.subtitle, "spec.translate.subtitle"
        case "sync":
            if spec.sync.HasField("media") or not spec.sync.HasField("transcript"):
                yield spec.sync.media, "spec.sync.media"
            if spec.sync.HasField("transcript"):
                yield spec.sync.transcript, "spec.sync.transcript"
            yield spec.sync.subtitle, "spec.sync.subtitle"
        case "mux":
            yield spec.mux.media, "spec.mux.media"
            for number, track in enumerate(spec.mux.tracks):
                yield track.subtitle, f"spec.mux.tracks[{number}].subtitle"


def input_names(spec: jobs_pb2.JobSpec) -> tuple[str, ...]:
    """The uploads and jobs a job reads from, which must be kept as long as it is not done."""
    found = []
    for message, _ in sources_in(spec):
        if message.WhichOneof("source") == "upload":
            found.append(message.upload)
        elif message.WhichOneof("source") == "artifact":
            found.append(names.job(names.artifact_ids(message.artifact)[0]))
    return tuple(found)


def _content(content: bytes, field: str, most_bytes: int) -> bytes:
    if not content:
        raise InvalidRequest(field, "is empty")
    if len(content) > most_bytes:
        raise LimitExceeded(field, len(content), most_bytes, "bytes", advice="upload it instead")
    return content
