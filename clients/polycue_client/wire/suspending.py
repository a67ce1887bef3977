"""The line of the asyncio client: who waits is the task, and cancelling it ends its call."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import cast

import grpc

from polycue_client.wire.line import Answer, Asked, Given, Result
from polycue_client.wire.raised import closed, translated


class SuspendingLine:
    """What a stub's method begins is a call of grpc.aio, though the stub's types say grpc."""

    interrupted = False  # tasks are cancelled instead

    async def ask(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float,
    ) -> Answer:
        begin = cast("grpc.aio.UnaryUnaryMultiCallable[Asked, Answer]", method)
        with _translated():
            return await begin(request, timeout=timeout_s)

    ask_long = ask

    async def send(
        self, method: "grpc.StreamUnaryMultiCallable[Asked, Answer]", messages: Iterator[Asked]
    ) -> Answer:
        begin = cast("grpc.aio.StreamUnaryMultiCallable[Asked, Answer]", method)
        with _translated():
            return await begin(_read_in_threads(messages))

    @contextlib.contextmanager
    def opened(
        self,
        method: "grpc.UnaryStreamMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float | None = None,
    ) -> Iterator[AsyncIterator[Answer]]:
        begin = cast("grpc.aio.UnaryStreamMultiCallable[Asked, Answer]", method)
        with _translated():
            call = begin(request, timeout=timeout_s)
            try:
                yield aiter(call)
            finally:
                call.cancel()  # one that has ended is not changed by it

    async def pause(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)

    async def aside(
        self, function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        return await asyncio.to_thread(function, *args, **kwargs)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """As ``translated``, and so is what grpc does where another task closes the channel.

    It raises what a task is cancelled by, though nobody cancelled this one.
    """
    try:
        with translated():
            yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise closed() from error


async def _read_in_threads(messages: Iterator[Asked]) -> AsyncGenerator[Asked]:
    """The same messages; a disk that is slow holds up a thread and not the loop."""
    while (message := await asyncio.to_thread(next, messages, None)) is not None:
        yield message
