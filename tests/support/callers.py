"""Callers a server knows, and every call there is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from polycue.api.v1 import (
    artifacts_pb2,
    catalog_pb2,
    jobs_pb2,
    subtitles_pb2,
    transcription_pb2,
    uploads_pb2,
)
from polycue.rpc.access.callers_file import token_entry
from polycue.rpc.access.tokens import hash_of, new_token
from support.serving import Channel

_FILES = (*(artifacts_pb2, catalog_pb2, jobs_pb2, subtitles_pb2, transcription_pb2, uploads_pb2),)


@dataclass(frozen=True)
class Method:
    path: str
    request: type[Message]
    sends_many: bool
    answers_many: bool

    def __str__(self) -> str:
        return self.path.rpartition("/")[2]

    async def call(
        self, channel: Channel, *messages: bytes, metadata: Sequence[tuple[str, str]] = ()
    ) -> list[bytes]:
        """All its answers. A call that sends many leaves its side open, as a client may."""
        open_: Any = getattr(channel, f"{_side(self.sends_many)}_{_side(self.answers_many)}")(
            self.path, request_serializer=_same, response_deserializer=_same
        )
        request: Any = _left_open(messages) if self.sends_many else (*messages, b"")[0]
        call: Any = open_(request, metadata=tuple(metadata))
        if self.answers_many:
            return [answer async for answer in call]
        return [await call]


METHODS = tuple(
    Method(
        f"/{service.full_name}/{method.name}",
        GetMessageClass(method.input_type),
        method.client_streaming,
        method.server_streaming,
    )
    for file in _FILES
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
)


class TokensFile:
    """A file of callers that tests add to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.write_text("")

    def add(self, tenant: str, **more: Any) -> str:
        """Let a new token in, and return it."""
        token = new_token()
        self.write(token_entry(tenant, hash_of(token), **{"name": "", "expires": None} | more))
        return token

    def write(self, lines: str) -> None:
        self.path.write_text(f"{self.path.read_text()}\n{lines}")


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def _side(many: bool) -> str:
    return "stream" if many else "unary"


def _same(data: bytes) -> bytes:
    return data


async def _left_open(messages: Sequence[bytes]) -> AsyncIterator[bytes]:
    for message in messages:
        yield message
    await asyncio.Event().wait()
