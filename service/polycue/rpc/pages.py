"""Pages of a list: how many, and where the next one begins."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from polycue.domain.errors import InvalidRequest

_DEFAULT_SIZE, _LARGEST_SIZE = 50, 1000
_POSITION = struct.Struct(">Q")
_OPEN = struct.Struct(">Q32s")  # where to go on, and a digest of what was asked for
_SEALED = struct.Struct(">12s8s16s")  # nonce, hidden position, tag

T = TypeVar("T")


def page_size(wanted: int) -> int:
    """Entries a page may have; 0 means the default, too many are brought down."""
    if wanted < 0:
        raise InvalidRequest("page_size", "is negative")
    return min(wanted or _DEFAULT_SIZE, _LARGEST_SIZE)


def page(
    values: Sequence[T], request: Message, size: int, page_token: str
) -> tuple[Sequence[T], str]:
    """One page of a list that is all here and all the caller's to see, and the next one's token.

    Raises:
        InvalidRequest: the token is not ours, or was given for another request.
    """
    start, digest = 0, _digest(request)
    if page_token:
        start, asked = _unpacked(_OPEN, page_token)
        if asked != digest:
            raise InvalidRequest("page_token", "was given for a request with other fields")
    end = start + size
    return values[start:end], _text(_OPEN.pack(end, digest)) if end < len(values) else ""


class PageTokens:
    """Tokens of a list of one tenant's, in an order that counts what is others' too.

    The position would tell how much the others made, so a token hides it, and is good only for
    the tenant and the request it was given for. Servers with the same ``secret`` take each
    other's.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"polycue page tokens", "sha256")

    def seal(self, tenant: str, request: Message, position: int) -> str:
        asked, nonce = _asked(tenant, request), secrets.token_bytes(12)
        hidden = self._masked(asked, nonce, _POSITION.pack(position))
        return _text(_SEALED.pack(nonce, hidden, self._tag(asked, nonce, hidden)))

    def open(self, tenant: str, request: Message, page_token: str) -> int | None:
        """Where the request goes on; None where it begins.

        Raises:
            InvalidRequest: the token is not ours, or was given to another tenant or for another
                request; which of these is not told.
        """
        if not page_token:
            return None
        asked = _asked(tenant, request)
        nonce, hidden, tag = _unpacked(_SEALED, page_token)
        if not hmac.compare_digest(tag, self._tag(asked, nonce, hidden)):
            raise InvalidRequest(
                "page_token", "is not one that this server gave for such a request"
            )
        (position,) = _POSITION.unpack(self._masked(asked, nonce, hidden))
        return int(position)

    def _masked(self, asked: bytes, nonce: bytes, position: bytes) -> bytes:
        """Hides a position, and shows a hidden one."""
        mask = hmac.digest(self._key, b"mask" + asked + nonce, "sha256")
        return bytes(a ^ b for a, b in zip(position, mask, strict=False))

    def _tag(self, asked: bytes, nonce: bytes, hidden: bytes) -> bytes:
        return hmac.digest(self._key, b"tag" + asked + nonce + hidden, "sha256")[:16]


def _asked(tenant: str, request: Message) -> bytes:
    return hashlib.sha256(_digest(request) + tenant.encode()).digest()


def _digest(request: Message) -> bytes:
    """Of all that a page must share with the first one, the kind of list included."""
    wanted = type(request)()
    wanted.CopyFrom(request)
    wanted.ClearField("page_size")
    wanted.ClearField("page_token")
    content = wanted.SerializeToString(deterministic=True)
    kind = wanted.DESCRIPTOR.full_name.encode()
    return hashlib.sha256(kind + b"\0" + content).digest()


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def _unpacked(form: struct.Struct, page_token: str) -> tuple[Any, ...]:
    try:
        packed = base64.b64decode(page_token + "=" * (-len(page_token) % 4), b"-_", validate=True)
        return form.unpack(packed)
    except (binascii.Error, ValueError, struct.error) as error:
        raise InvalidRequest("page_token", "is not one that this server gave") from error
