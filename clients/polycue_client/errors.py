"""What a call to a polycue server can raise, by the reason the server gave.

::

    PolycueClientError                  status, reason, message, metadata, violations, retry_after_s
    ├── InvalidRequest                  a field is wrong; `violations` name it
    │   ├── UnknownLanguage
    │   ├── LimitExceeded               longer or larger than the server takes
    │   ├── NotMedia
    │   └── SubtitleSyntax
    ├── NotFound                        no such job, upload or artifact
    ├── PreconditionFailed              right in itself, but not with what is there now
    │   ├── ModelMissing                metadata `command` gets it
    │   ├── PairNotInstalled            metadata `command` gets it
    │   └── NoAudioStream
    ├── Conflict
    │   ├── WriteOffsetMismatch         an upload continues elsewhere
    │   └── TransferStalled             the server gave up waiting for this side
    ├── OutOfRange
    ├── ResourceExhausted               too much at once, or a message too large
    │   └── QueueFull                   come back after `retry_after_s`
    ├── DataLoss
    │   └── ChecksumMismatch            bytes were damaged on their way
    ├── NotAllowed
    ├── NotSupported                    the server is older than the client, or a feature is off
    ├── TimedOut                        the deadline passed; the server may still have done the work
    ├── CallCancelled
    ├── ServerNotTrusted                its certificate is not from a CA we know, or another's
    ├── ServerUnreachable               nobody answers, or not any more; try again
    ├── ServerFault                     the server, or what it runs on, failed; its log knows why
    │   └── DeviceUnavailable           the GPU that was asked for cannot be used
    ├── JobCancelled                    somebody cancelled the job that was waited for
    ├── JobInterrupted                  the server stopped telling about the job; ask again
    └── FileExists                      a download would replace a file
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from polycue_client.named_calls import request_id_of

if TYPE_CHECKING:
    from google.rpc import status_pb2

    from polycue.api.v1 import media_pb2


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with one field of a request."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Details:
    """What a server says about an error besides its status and message."""

    reason: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: tuple[FieldViolation, ...] = ()
    retry_after_s: float | None = None
    request_id: str = ""


class PolycueClientError(Exception):
    """The root of all errors of this package.

    ``status`` is the name of the gRPC status, such as "NOT_FOUND"; ``reason`` the server's
    UPPER_SNAKE_CASE word for what happened, "" where it gave none. ``request_id`` is what the
    server's log knows the call by.
    """

    def __init__(self, message: str, *, status: str = "", details: Details | None = None) -> None:
        super().__init__(message)
        details = details or Details()
        self.message, self.status = message, status
        self.reason, self.metadata = details.reason, details.metadata
        self.violations, self.retry_after_s = details.violations, details.retry_after_s
        self.request_id = details.request_id


class InvalidRequest(PolycueClientError):
    """A field of the request has a value that cannot be right."""


class UnknownLanguage(InvalidRequest):
    """A text is no language tag and no language's name."""


class LimitExceeded(InvalidRequest):
    """The request is over one of the limits ``server_info()`` announces."""


class NotMedia(InvalidRequest):
    """ffmpeg finds no media in the file."""


class SubtitleSyntax(InvalidRequest):
    """A subtitle text breaks the rules of its format."""


class NotFound(PolycueClientError):
    """Nothing has this name, or it was purged."""


class PreconditionFailed(PolycueClientError):
    """The request would be right if the server, the file or the job were in another state."""


class ModelMissing(PreconditionFailed):
    """A model is not installed on the server."""


class PairNotInstalled(PreconditionFailed):
    """No installed package, nor any chain of them, translates this pair."""


class NoAudioStream(PreconditionFailed):
    """The file has no sound."""


class Conflict(PolycueClientError):
    """Somebody else changed the same thing."""


class WriteOffsetMismatch(Conflict):
    """An upload continues at another byte than the one that was sent."""


class TransferStalled(Conflict):
    """The server waited too long for this side, to send or to take; what it has, it keeps."""


class OutOfRange(PolycueClientError):
    """A read starts behind the last byte."""


class ResourceExhausted(PolycueClientError):
    """The server has no room for this now, or a message is over the limit of gRPC."""


class QueueFull(ResourceExhausted):
    """As many jobs wait as may wait."""


class DataLoss(PolycueClientError):
    """Bytes are gone or wrong."""


class ChecksumMismatch(DataLoss):
    """The bytes that came are not those that were sent."""


class NotAllowed(PolycueClientError):
    """The server does not know the caller, or does not let it do this."""


class NotSupported(PolycueClientError):
    """The server does not have this method or feature."""


class TimedOut(PolycueClientError):
    """The deadline passed before the answer came."""


class CallCancelled(PolycueClientError):
    """The call was cancelled on this side or on the way."""


class ServerNotTrusted(PolycueClientError):
    """The server's certificate is from no CA that is known here, has expired, or names another."""


class ServerUnreachable(PolycueClientError):
    """Nobody answers at the address, or the connection broke and did not come back."""


class ServerFault(PolycueClientError):
    """The server failed in a way it did not foresee."""


class DeviceUnavailable(ServerFault):
    """The device that models were to run on cannot be used."""


class JobCancelled(PolycueClientError):
    """The job ended because it was cancelled."""


class JobInterrupted(PolycueClientError):
    """The server stopped telling about a job that has not ended; watch it again."""


class FileExists(PolycueClientError):
    """A file is there already and nobody said that it may be replaced."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(f"{path} is there already")
        self.path = Path(path)

    def __reduce__(self) -> tuple[object, ...]:  # args hold the message, __init__ wants the path
        return type(self), (self.path,)


CLASS_OF_STATUS: dict[str, type[PolycueClientError]] = {
    "INVALID_ARGUMENT": InvalidRequest,
    "NOT_FOUND": NotFound,
    "FAILED_PRECONDITION": PreconditionFailed,
    "ABORTED": Conflict,
    "ALREADY_EXISTS": Conflict,
    "OUT_OF_RANGE": OutOfRange,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "DATA_LOSS": DataLoss,
    "UNAUTHENTICATED": NotAllowed,
    "PERMISSION_DENIED": NotAllowed,
    "UNIMPLEMENTED": NotSupported,
    "DEADLINE_EXCEEDED": TimedOut,
    "CANCELLED": CallCancelled,
    "UNAVAILABLE": ServerUnreachable,
    "INTERNAL": ServerFault,
    "UNKNOWN": ServerFault,
}

# Finer than the status. A reason that is not listed gets the class of its status, so a newer
# server's reasons are no surprise.
CLASS_OF_REASON: dict[str, type[PolycueClientError]] = {
    "UNKNOWN_LANGUAGE": UnknownLanguage,
    "LIMIT_EXCEEDED": LimitExceeded,
    "NOT_MEDIA": NotMedia,
    "SUBTITLE_SYNTAX": SubtitleSyntax,
    "MODEL_MISSING": ModelMissing,
    "PAIR_NOT_INSTALLED": PairNotInstalled,
    "NO_AUDIO_STREAM": NoAudioStream,
    "WRITE_OFFSET_MISMATCH": WriteOffsetMismatch,
    "TRANSFER_STALLED": TransferStalled,
    "READER_STALLED": TransferStalled,
    "QUEUE_FULL": QueueFull,
    "CHECKSUM_MISMATCH": ChecksumMismatch,
    "DEVICE_UNAVAILABLE": DeviceUnavailable,
    "CLUSTER_UNAVAILABLE": DeviceUnavailable,
}

# What grpc.aio says, as INTERNAL, in place of the server's status where a message meets a call
# that has just ended (seen with grpcio 1.85.1): the call broke, and a transfer can go on.
_SENT_TOO_LATE = "Internal error from Core"

# Of a certificate grpc says UNAVAILABLE, as it does of a server that is away.
_NOT_TRUSTED = ("CERTIFICATE_VERIFY_FAILED", "Hostname Verification Check failed")

_STATUS_OF_NUMBER: dict[int, str] = {code.value[0]: code.name for code in grpc.StatusCode}


def error_of(status: str, message: str, details: Details) -> PolycueClientError:
    kind = CLASS_OF_REASON.get(details.reason) or CLASS_OF_STATUS.get(status, ServerFault)
    return kind(message, status=status, details=details)


def from_failure(failure: "media_pb2.Failure") -> PolycueClientError:
    """The error a failed job keeps, as the same class a call would have raised."""
    details = Details(reason=failure.reason, metadata=dict(failure.metadata))
    status = _STATUS_OF_NUMBER.get(failure.code, "UNKNOWN")
    error = error_of(status, failure.message, details)
    if isinstance(error, ServerUnreachable):  # it was reached, or the failure would not be known
        return ServerFault(failure.message, status=status, details=details)
    return error


def from_rpc(error: grpc.RpcError) -> PolycueClientError:
    """Our error for one of grpc's; both the synchronous and the asyncio kind are understood."""
    if not isinstance(error, (grpc.Call, grpc.aio.AioRpcError)):
        return ServerFault(str(error) or type(error).__name__)
    status, message = error.code().name, error.details() or error.code().name
    if message == _SENT_TOO_LATE:
        status = grpc.StatusCode.UNAVAILABLE.name
    if any(words in message for words in _NOT_TRUSTED):
        return ServerNotTrusted(
            f"the server's certificate is not trusted: {message}", status=status
        )
    trailers = tuple(error.trailing_metadata() or ())
    details = replace(_details(trailers), request_id=request_id_of(error, trailers))
    return error_of(status, message, details)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what grpc raises inside the block into ours."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error) from error
    except grpc.FutureCancelledError as error:
        raise CallCancelled("the call was cancelled", status="CANCELLED") from error


def _details(trailers: Iterable[tuple[str, str | bytes]]) -> Details:
    for key, value in trailers:
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return _decode(value)
    return Details()


def _decode(data: bytes) -> Details:
    """The google.rpc details of an error; empty where the bytes are something else."""
    # Only a failed call needs these modules, and they cost more to import than a call takes.
    from google.protobuf.message import DecodeError
    from google.rpc import status_pb2

    try:
        return _read(status_pb2.Status.FromString(data))
    except DecodeError:
        return Details()


def _read(status: "status_pb2.Status") -> Details:
    from google.rpc import error_details_pb2

    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    found = {
        message.DESCRIPTOR.full_name
        for detail in status.details
        for message in (info, request, retry)
        if detail.Is(message.DESCRIPTOR) and detail.Unpack(message)
    }
    return Details(
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=tuple(FieldViolation(v.field, v.description) for v in request.field_violations),
        retry_after_s=(
            retry.retry_delay.ToTimedelta().total_seconds()
            if "google.rpc.RetryInfo" in found
            else None
        ),
    )
