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

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


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


def error_of(status: str, message: str, details: Details) -> PolycueClientError:
    kind = CLASS_OF_REASON.get(details.reason) or CLASS_OF_STATUS.get(status, ServerFault)
    return kind(message, status=status, details=details)
