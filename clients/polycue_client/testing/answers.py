"""What the answers of all services have in common: they are noted, and fail where they are to."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NoReturn, TypeVar

import grpc
from google.protobuf.message import Message

from polycue_client.testing.refusal import Refusal
from polycue_client.testing.script import Scripted

M = TypeVar("M")

PAGE_SIZE = 2  # small, so that whoever forgets the next page is found out


class Answers:
    def __init__(self, scripted: Scripted) -> None:
        self._scripted = scripted

    def _begin(self, method: str, request: Message, context: grpc.ServicerContext) -> None:
        self._scripted.requests[method].append(request)
        _, refusal = self._scripted.fault(method)
        if refusal:
            refuse(context, refusal)

    def _stream(
        self, method: str, messages: Iterable[M], context: grpc.ServicerContext
    ) -> Iterator[M]:
        """The messages, up to where the script breaks the stream."""
        after, refusal = self._scripted.fault(method)
        yield from itertools.islice(messages, after) if refusal else messages
        if refusal:
            refuse(context, refusal)


def refuse(context: grpc.ServicerContext, refusal: Refusal) -> NoReturn:
    context.set_trailing_metadata(refusal.trailers())
    context.abort(refusal.status, refusal.message)


def page(items: Sequence[M], token: str) -> tuple[Sequence[M], str]:
    """Those that ``token`` stands for, and the token of the next."""
    start = int(token or 0)
    end = start + PAGE_SIZE
    return items[start:end], str(end) if end < len(items) else ""
