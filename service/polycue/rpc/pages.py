"""Pages of a list: how many, and where the next one begins."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from typing import TypeVar

from google.protobuf.message import Message

from polycue.domain.errors import InvalidRequest

_DEFAULT_SIZE, _LARGEST_SIZE = 50, 1000
_TOKEN = struct.Struct(">Q8s")  # where to go on, and a digest of what was asked for

_LAST = 2**63 - 1  # a database counts no further

T = TypeVar("T")


def page_size(wanted: int) -> int:
    """Entries a page may have; 0 means the default, too many are brought down."""
    if wanted < 0:
        raise InvalidRequest("page_size", "is negative")
    return min(wanted or _DEFAULT_SIZE, _LARGEST_SIZE)


def token(request: Message, position: int) -> str:
    """Opaque to callers; good only for the same request."""
    packed = _TOKEN.pack(position, _digest(request))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def position(request: Message, page_token: str) -> int | None:
    """Where the request goes on; None where it begins.

    Raises:
        InvalidRequest: the token is not ours, or was given for another request.
    """
    if not page_token:
        return None
    try:
        packed = base64.b64decode(page_token + "=" * (-len(page_token) % 4), b"-_", validate=True)
        at, digest = _TOKEN.unpack(packed)
    except (binascii.Error, ValueError, struct.error) as error:
        raise InvalidRequest("page_token", "is not one that this server gave") from error
    if not 0 <= at <= _LAST:
        raise InvalidRequest("page_token", "is not one that this server gave")
    if digest != _digest(request):
        raise InvalidRequest("page_token", "was given for a request with other fields")
    return int(at)


def page(
    values: Sequence[T], request: Message, size: int, page_token: str
) -> tuple[Sequence[T], str]:
    """One page of a list that is all here, and the token of the next."""
    start = position(request, page_token) or 0
    end = start + size
    return values[start:end], token(request, end) if end < len(values) else ""


def _digest(request: Message) -> bytes:
    """Of all that a page must share with the first one, the kind of list included."""
    wanted = type(request)()
    wanted.CopyFrom(request)
    wanted.ClearField("page_size")
    wanted.ClearField("page_token")
    content = wanted.SerializeToString(deterministic=True)
    kind = wanted.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(kind + b"\0" + content).digest()[:8]
