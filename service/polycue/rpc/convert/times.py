"""Milliseconds and the API's Duration and Timestamp."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from polycue.domain.errors import InvalidRequest

_LONGEST_S = 10_000 * 365 * 24 * 60 * 60  # protobuf's own limit of a Duration, about
_NANOS = 1_000_000_000


def duration(ms: int) -> Duration:
    message = Duration()
    message.FromMilliseconds(ms)
    return message


def timestamp(ms: int | None) -> Timestamp | None:
    """The instant ``ms`` after the epoch; None, which protobuf takes for unset, stays None."""
    if ms is None:
        return None
    message = Timestamp()
    message.FromMilliseconds(ms)
    return message


def milliseconds(message: Duration, field: str, *, low_ms: int, high_ms: int) -> int:
    """A Duration in whole milliseconds, rounded.

    Raises:
        InvalidRequest: it is malformed, or not within ``low_ms`` to ``high_ms``.
    """
    signs_differ = message.seconds * message.nanos < 0
    if abs(message.seconds) > _LONGEST_S or abs(message.nanos) >= _NANOS or signs_differ:
        raise InvalidRequest(field, "is not a valid Duration")
    ms = message.seconds * 1000 + round(message.nanos / 1_000_000)
    if not low_ms <= ms <= high_ms:
        raise InvalidRequest(field, f"{ms} ms is not within {low_ms} to {high_ms} ms")
    return ms
