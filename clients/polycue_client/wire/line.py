"""All that waits: the one seam between what the API's methods do and how a client does it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import ParamSpec, Protocol, TypeVar

import grpc

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Result = TypeVar("Result")
Given = ParamSpec("Given")


class Line(Protocol):
    """A connection to a server. Its methods are those of the stubs, and all raise our errors."""

    @property
    def interrupted(self) -> bool:
        """Whether nobody wants any more what takes long."""

    async def ask(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float,
    ) -> Answer:
        """The answer to a call that is soon over; it is asked also when all else is interrupted."""

    async def ask_long(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float,
    ) -> Answer:
        """The answer to a call that is worth interrupting."""

    async def send(
        self, method: "grpc.StreamUnaryMultiCallable[Asked, Answer]", messages: Iterator[Asked]
    ) -> Answer:
        """The answer to messages that are read from a disk as they go."""

    def opened(
        self,
        method: "grpc.UnaryStreamMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float | None = None,
    ) -> AbstractContextManager[AsyncIterator[Answer]]:
        """What a stream tells, for a ``with`` block; the call ends with it, however it is left.

        Not for an ``async with``: at its end asyncio.run() closes generators that were left open in
        whatever order, and one within another would be closed under that.
        """

    async def pause(self, delay_s: float) -> None: ...

    async def aside(
        self, function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """The result of a function that waits for a disk."""
