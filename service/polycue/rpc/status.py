"""The one table from error class to gRPC status, and the details that go with it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from polycue.domain import errors
from polycue.jobs.job import Failure
from polycue.jobs.retry import may_pass

DOMAIN = "polycue"
DETAILS_KEY = "grpc-status-details-bin"
INTERNAL = "INTERNAL"

# Clients refuse trailers above 8 KiB at random, and the details are not all that is in them.
MOST_STATUS_BYTES = 4096
_MOST_MESSAGE_BYTES = 600
_MOST_DESCRIPTION_BYTES = 300
_MOST_FACT_BYTES = 200

_Code = grpc.StatusCode


@dataclass(frozen=True, slots=True)
class Row:
    """``facts`` are the attributes of the error that callers get as metadata."""

    code: grpc.StatusCode
    reason: str
    facts: tuple[str, ...] = ()


# A reason is never renamed: programs look at it. "{kind}" stands for the error's own kind.
TABLE: dict[type[errors.PolycueError], Row] = {
    errors.InvalidRequest: Row(_Code.INVALID_ARGUMENT, "INVALID_FIELD", ("field",)),
    errors.UnknownLanguage: Row(_Code.INVALID_ARGUMENT, "UNKNOWN_LANGUAGE", ("field", "text")),
    errors.SourceRefused: Row(_Code.INVALID_ARGUMENT, "SOURCE_REFUSED", ("field",)),
    errors.RequestIdReused: Row(_Code.FAILED_PRECONDITION, "REQUEST_ID_REUSED", ("request_id",)),
    errors.LimitExceeded: Row(
        _Code.INVALID_ARGUMENT, "LIMIT_EXCEEDED", ("field", "value", "limit", "unit")
    ),
    errors.NotFound: Row(_Code.NOT_FOUND, "{kind}_NOT_FOUND", ("name",)),
    errors.MediaError: Row(_Code.INVALID_ARGUMENT, "MEDIA_UNUSABLE"),
    errors.NotMedia: Row(_Code.INVALID_ARGUMENT, "NOT_MEDIA"),
    errors.Undecodable: Row(_Code.INVALID_ARGUMENT, "UNDECODABLE"),
    errors.Encrypted: Row(_Code.INVALID_ARGUMENT, "ENCRYPTED"),
    errors.TooManyStreams: Row(_Code.INVALID_ARGUMENT, "TOO_MANY_STREAMS", ("limit",)),
    errors.MediaOverLimit: Row(_Code.INVALID_ARGUMENT, "LIMIT_{kind}", ("limit",)),
    errors.NoAudioStream: Row(_Code.FAILED_PRECONDITION, "NO_AUDIO_STREAM"),
    errors.NoVideoStream: Row(_Code.FAILED_PRECONDITION, "NO_VIDEO_STREAM"),
    errors.AudioStreamNotFound: Row(
        _Code.FAILED_PRECONDITION, "AUDIO_STREAM_NOT_FOUND", ("wanted", "available")
    ),
    errors.UnsupportedContainer: Row(
        _Code.FAILED_PRECONDITION, "UNSUPPORTED_CONTAINER", ("supported",)
    ),
    errors.MuxRejected: Row(_Code.FAILED_PRECONDITION, "MUX_REJECTED"),
    errors.SubtitleError: Row(_Code.INVALID_ARGUMENT, "SUBTITLE_UNUSABLE"),
    errors.SubtitleSyntax: Row(_Code.INVALID_ARGUMENT, "SUBTITLE_SYNTAX", ("format_name", "line")),
    errors.PoorFit: Row(_Code.FAILED_PRECONDITION, "POOR_FIT", ("score", "needed")),
    errors.TranscriptUnusable: Row(
        _Code.INVALID_ARGUMENT, "TRANSCRIPT_UNUSABLE", ("filename", "problem")
    ),
    errors.FormatNotInstalled: Row(
        _Code.FAILED_PRECONDITION, "FORMAT_NOT_INSTALLED", ("format_name", "command")
    ),
    errors.ToolError: Row(_Code.INTERNAL, "TOOL_FAILED"),
    errors.ToolMissing: Row(_Code.FAILED_PRECONDITION, "TOOL_MISSING", ("program",)),
    errors.ToolFailed: Row(_Code.INTERNAL, "TOOL_FAILED", ("returncode",)),
    errors.ToolKilled: Row(_Code.UNAVAILABLE, "TOOL_KILLED", ("returncode",)),
    errors.ToolOverLimit: Row(_Code.INTERNAL, "LIMIT_{kind}", ("limit",)),
    errors.SandboxFailed: Row(_Code.INTERNAL, "SANDBOX_FAILED", ("program",)),
    errors.SandboxMissing: Row(_Code.FAILED_PRECONDITION, "SANDBOX_MISSING", ("missing",)),
    errors.ToolTimedOut: Row(_Code.INTERNAL, "TOOL_TIMED_OUT", ("timeout_s",)),
    errors.ModelError: Row(_Code.FAILED_PRECONDITION, "MODEL_UNUSABLE"),
    errors.ModelMissing: Row(_Code.FAILED_PRECONDITION, "MODEL_MISSING", ("model", "command")),
    errors.ModelDamaged: Row(_Code.FAILED_PRECONDITION, "MODEL_DAMAGED", ("model",)),
    errors.ModelTooLarge: Row(
        _Code.FAILED_PRECONDITION, "MODEL_TOO_LARGE", ("model", "needed_bytes", "budget_bytes")
    ),
    errors.ModelsTooLarge: Row(
        _Code.FAILED_PRECONDITION, "MODELS_TOO_LARGE", ("model", "other", "budget_bytes")
    ),
    errors.PairNotInstalled: Row(
        _Code.FAILED_PRECONDITION, "PAIR_NOT_INSTALLED", ("source", "target", "command")
    ),
    errors.LanguageNotSupported: Row(
        _Code.FAILED_PRECONDITION, "LANGUAGE_NOT_SUPPORTED", ("model", "language")
    ),
    errors.Offline: Row(_Code.FAILED_PRECONDITION, "OFFLINE"),
    errors.DownloadFailed: Row(_Code.UNAVAILABLE, "DOWNLOAD_FAILED"),
    errors.EngineError: Row(_Code.INTERNAL, "ENGINE_FAILED"),
    errors.DeviceUnavailable: Row(_Code.UNAVAILABLE, "DEVICE_UNAVAILABLE", ("device",)),
    errors.ClusterUnavailable: Row(_Code.UNAVAILABLE, "CLUSTER_UNAVAILABLE"),
    errors.NoRoomNow: Row(_Code.RESOURCE_EXHAUSTED, "NO_ROOM_NOW", ("model", "budget_bytes")),
    errors.EngineDied: Row(_Code.INTERNAL, "ENGINE_DIED", ("cause",)),
    errors.PoisonChunk: Row(_Code.INTERNAL, "POISON_CHUNK", ("model", "start_ms", "cause")),
    errors.OutOfMemory: Row(_Code.INTERNAL, "OUT_OF_MEMORY", ("start_ms",)),
    errors.RecognitionFailed: Row(_Code.INTERNAL, "RECOGNITION_FAILED", ("start_ms",)),
    errors.TranslationFailed: Row(_Code.INTERNAL, "TRANSLATION_FAILED", ("source", "target")),
    errors.SourceError: Row(_Code.FAILED_PRECONDITION, "SOURCE_FAILED", ("host",)),
    errors.SourceUnusable: Row(_Code.FAILED_PRECONDITION, "SOURCE_UNUSABLE", ("host",)),
    errors.SourceUnreachable: Row(_Code.UNAVAILABLE, "SOURCE_UNREACHABLE", ("host",)),
    errors.SourceTooLarge: Row(_Code.FAILED_PRECONDITION, "SOURCE_TOO_LARGE", ("host", "limit")),
    errors.SourceTooSlow: Row(_Code.FAILED_PRECONDITION, "SOURCE_TOO_SLOW", ("host", "limit_s")),
    errors.JobError: Row(_Code.FAILED_PRECONDITION, "JOB_UNUSABLE"),
    errors.IllegalTransition: Row(
        _Code.FAILED_PRECONDITION, "ILLEGAL_TRANSITION", ("job", "state", "wanted")
    ),
    errors.JobNotResumable: Row(_Code.FAILED_PRECONDITION, "JOB_NOT_RESUMABLE", ("job", "state")),
    errors.LeaseLost: Row(_Code.ABORTED, "LEASE_LOST", ("job",)),
    errors.PoisonJob: Row(_Code.ABORTED, "POISON_JOB", ("job", "attempts", "reached")),
    errors.QueueFull: Row(_Code.RESOURCE_EXHAUSTED, "QUEUE_FULL", ("waiting",)),
    errors.TransferError: Row(_Code.ABORTED, "TRANSFER_FAILED"),
    errors.WriteOffsetMismatch: Row(
        _Code.ABORTED, "WRITE_OFFSET_MISMATCH", ("upload", "offset", "committed_bytes")
    ),
    errors.UploadIncomplete: Row(
        _Code.FAILED_PRECONDITION,
        "UPLOAD_INCOMPLETE",
        ("upload", "committed_bytes", "size_bytes"),
    ),
    errors.UploadQuotaExceeded: Row(
        _Code.RESOURCE_EXHAUSTED, "UPLOAD_QUOTA", ("wanted_bytes", "free_bytes")
    ),
    errors.ChecksumMismatch: Row(
        _Code.DATA_LOSS, "CHECKSUM_MISMATCH", ("name", "expected", "actual")
    ),
    errors.TransferStalled: Row(_Code.ABORTED, "TRANSFER_STALLED", ("idle_s",)),
    errors.ReaderStalled: Row(_Code.ABORTED, "READER_STALLED", ("idle_s",)),
    errors.ReadPastEnd: Row(_Code.OUT_OF_RANGE, "READ_PAST_END", ("name", "offset", "size_bytes")),
    errors.StoreError: Row(_Code.UNAVAILABLE, "STORE_FAILED"),
    errors.DataFolderInUse: Row(_Code.UNAVAILABLE, "DATA_FOLDER_IN_USE"),
    errors.StoreUnusable: Row(_Code.UNAVAILABLE, "STORE_UNUSABLE"),
    errors.StoreUnavailable: Row(_Code.UNAVAILABLE, "STORE_UNAVAILABLE"),
    errors.StorageFull: Row(_Code.RESOURCE_EXHAUSTED, "STORAGE_FULL"),
    errors.StorageUnavailable: Row(_Code.UNAVAILABLE, "STORAGE_UNAVAILABLE"),
    errors.FileError: Row(_Code.FAILED_PRECONDITION, "FILE_UNUSABLE"),
    errors.Unreadable: Row(_Code.FAILED_PRECONDITION, "FILE_UNREADABLE"),
    errors.Unwritable: Row(_Code.INTERNAL, "FILE_UNWRITABLE"),
    errors.AlreadyExists: Row(_Code.ALREADY_EXISTS, "FILE_EXISTS"),
    errors.CredentialsUnusable: Row(_Code.INTERNAL, "CREDENTIALS_UNUSABLE"),
    errors.ListenError: Row(_Code.INTERNAL, "CANNOT_LISTEN"),
    errors.InsecureAddress: Row(_Code.INTERNAL, "INSECURE_ADDRESS"),
    errors.AddressUnusable: Row(_Code.INTERNAL, "ADDRESS_UNUSABLE"),
    errors.NotAuthenticated: Row(_Code.UNAUTHENTICATED, "NOT_AUTHENTICATED"),
    errors.TokenMissing: Row(_Code.UNAUTHENTICATED, "TOKEN_MISSING"),
    errors.TokenUnknown: Row(_Code.UNAUTHENTICATED, "TOKEN_UNKNOWN"),
    errors.TokenExpired: Row(_Code.UNAUTHENTICATED, "TOKEN_EXPIRED"),
    errors.CertificateUnknown: Row(_Code.UNAUTHENTICATED, "CERTIFICATE_UNKNOWN"),
    errors.QuotaExceeded: Row(_Code.RESOURCE_EXHAUSTED, "{kind}_QUOTA", ("used", "limit", "unit")),
    errors.DeadlineTooShort: Row(
        _Code.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT", ("needed_s", "left_s")
    ),
    errors.TooManyCalls: Row(_Code.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", ("limit",)),
    errors.Draining: Row(_Code.UNAVAILABLE, "DRAINING"),
}

# Errors whose text is about files of the server's own: callers get it without the folders.
_ABOUT_FILES = (errors.MediaError, errors.ToolError, errors.FileError, errors.StoreError)
_FOLDERS = re.compile(r"(?:file:)?/(?:[^/\s:'\"]+/)+")


def row_of(error: errors.PolycueError) -> Row:
    """The table's row for the error's class, or for the nearest class above it."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def reason_of(error: errors.PolycueError) -> str:
    return row_of(error).reason.format(kind=str(getattr(error, "kind", "")).upper())


def known_reasons() -> frozenset[str]:
    """All reasons but those that an error's own kind is part of."""
    return frozenset(row.reason for row in TABLE.values() if "{" not in row.reason) | {INTERNAL}


def message_of(error: errors.PolycueError) -> str:
    """What callers read."""
    text = _without_folders(error) if isinstance(error, _ABOUT_FILES) else str(error)
    return _shortened(text, _MOST_MESSAGE_BYTES)


def facts_of(error: errors.PolycueError) -> dict[str, str]:
    """The metadata of the error's ErrorInfo, its keys in camelCase."""
    return {_camel(name): _fact(getattr(error, name)) for name in row_of(error).facts}


def failure_of(error: Exception) -> Failure:
    """What a job that failed keeps; of an error nobody foresaw, nothing but that."""
    if not isinstance(error, errors.PolycueError):
        code, _ = _Code.INTERNAL.value
        return Failure(code, INTERNAL, "internal error; the server's log has more", resumable=True)
    code, _ = row_of(error).code.value
    return Failure(
        code, reason_of(error), message_of(error), facts_of(error), resumable=may_pass(error)
    )


def status_of(error: errors.PolycueError) -> status_pb2.Status:
    """The rich status: one ErrorInfo, and what the code asks for, in at most 4 KiB."""
    code, _ = row_of(error).code.value
    status = status_pb2.Status(code=code, message=message_of(error))
    for detail in _details(error):
        packed = Any()
        packed.Pack(detail)
        if status.ByteSize() + packed.ByteSize() < MOST_STATUS_BYTES:
            status.details.append(packed)
    return status


def internal_status(request_id: str) -> status_pb2.Status:
    """For an error nobody foresaw: its text stays in the log, under the request id."""
    info = error_details_pb2.ErrorInfo(
        reason=INTERNAL, domain=DOMAIN, metadata={"requestId": request_id}
    )
    code, _ = _Code.INTERNAL.value
    status = status_pb2.Status(code=code, message=f"internal error; request id {request_id}")
    status.details.add().Pack(info)
    return status


def retry_after_s(error: errors.PolycueError) -> int | None:
    """After how long the same call may succeed; None where it makes no sense to wait."""
    delay: int | None = getattr(error, "retry_after_s", None)
    return delay


def _details(error: errors.PolycueError) -> Iterator[Message]:
    reason, message = reason_of(error), message_of(error)
    yield error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=facts_of(error))
    match row_of(error).code:
        case _Code.INVALID_ARGUMENT if isinstance(error, errors.InvalidRequest):
            request = error_details_pb2.BadRequest()
            request.field_violations.add(
                field=_shortened(error.field, _MOST_FACT_BYTES),
                description=_shortened(error.problem, _MOST_DESCRIPTION_BYTES),
                reason=reason,
            )
            yield request
        case _Code.NOT_FOUND if isinstance(error, errors.NotFound):
            yield error_details_pb2.ResourceInfo(
                resource_type=error.kind, resource_name=_shortened(error.name, _MOST_FACT_BYTES)
            )
        case _Code.FAILED_PRECONDITION:
            precondition = error_details_pb2.PreconditionFailure()
            precondition.violations.add(
                type=reason, description=_shortened(message, _MOST_DESCRIPTION_BYTES)
            )
            yield precondition
        case _Code.RESOURCE_EXHAUSTED:
            quota = error_details_pb2.QuotaFailure()
            quota.violations.add(
                subject=reason, description=_shortened(message, _MOST_DESCRIPTION_BYTES)
            )
            yield quota
    delay_s = retry_after_s(error)
    if delay_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(delay_s)
        yield retry


def _without_folders(error: errors.PolycueError) -> str:
    text = str(error)
    for folder in _folders_of(error):
        text = text.replace(f"file:{folder}/", "").replace(f"{folder}/", "")
    return _FOLDERS.sub("", text)


def _folders_of(error: errors.PolycueError) -> Iterator[str]:
    """Of the files the error knows: where a name with spaces ends, no pattern can tell."""
    known = [getattr(error, name, "") for name in ("path", "folder", "store")]
    known += getattr(error, "argv", ())
    for text in (str(each).removeprefix("file:") for each in known):
        if text.startswith("/"):
            yield os.path.dirname(text)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def _fact(value: object) -> str:
    items = value if isinstance(value, tuple) else (value,)
    texts = (f"{item:g}" if isinstance(item, float) else str(item) for item in items)
    return _shortened(", ".join(texts), _MOST_FACT_BYTES)


def _shortened(text: str, most_bytes: int) -> str:
    """The text in at most so many bytes of UTF-8; what UTF-8 cannot hold is replaced."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most_bytes:
        return data.decode()
    return data[: most_bytes - 3].decode("utf-8", "ignore") + "…"
