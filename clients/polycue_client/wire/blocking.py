"""The line of the synchronous client: who waits is the thread.

Its coroutines never suspend. So each of the API's methods, which wait for nothing but their line,
is over when it is started; ``run`` and ``each`` hand out what it came to.
"""

import contextlib
import sys
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
)
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import grpc

from polycue_client.errors import CallCancelled
from polycue_client.wire.line import Answer, Asked, Given, Result
from polycue_client.wire.raised import translated

Item = TypeVar("Item")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine that waits for nothing but a ``BlockingLine``.

    A loop that runs in this thread is kept from knowing of the generators that this begins: it
    would close them at its own end.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        work.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    finally:
        sys.set_asyncgen_hooks(*hooks)
    raise AssertionError("a coroutine waits for something else than its line")


def each(items: AsyncGenerator[Item]) -> Generator[Item]:
    """The same items; what the generator holds open is closed with this one."""
    try:
        while True:
            try:
                item = run(_next(items))
            except StopAsyncIteration:
                return
            yield item
    finally:
        run(items.aclose())


async def _next(items: AsyncGenerator[Item]) -> Item:
    return await anext(items)


class _Cancellable(Protocol):
    def cancel(self) -> object: ...


_Call = TypeVar("_Call", bound=_Cancellable)


class BlockingLine:
    """Threads may share one.

    What interrupts it may be the handler of a signal, which runs on the thread that waits or has
    the lock: so that lock is reentrant, and what ends a pause is no ``Event``, whose lock is not.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._lock = threading.RLock()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._long_calls: set[_Cancellable] = set()

    def __repr__(self) -> str:
        return f"BlockingLine({len(self._long_calls)} long calls)"

    def interrupt(self) -> None:
        with self._lock:
            self.interrupted = True
            for call in tuple(self._long_calls):
                call.cancel()
        self._bell.put(None)

    async def ask(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float,
    ) -> Answer:
        with translated():
            return method(request, timeout=timeout_s)

    async def ask_long(
        self,
        method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float,
    ) -> Answer:
        with translated(), self._lasting(method.future(request, timeout=timeout_s)) as call:
            return call.result()

    async def send(
        self, method: "grpc.StreamUnaryMultiCallable[Asked, Answer]", messages: Iterator[Asked]
    ) -> Answer:
        with translated(), self._lasting(method.future(messages)) as call:
            return call.result()

    @contextlib.contextmanager
    def opened(
        self,
        method: "grpc.UnaryStreamMultiCallable[Asked, Answer]",
        request: Asked,
        timeout_s: float | None = None,
    ) -> Iterator[AsyncIterator[Answer]]:
        with translated(), self._lasting(method(request, timeout=timeout_s)) as call:
            yield _Messages(call)

    @contextlib.contextmanager
    def _lasting(self, call: _Call) -> Iterator[_Call]:
        """Let ``interrupt`` end the call, and end it with the block however that is left."""
        try:
            with self._lock:
                self._long_calls.add(call)
                late = self.interrupted
            if late:  # its answer may be here already, but nobody wants it
                raise CallCancelled("the client was interrupted", status="CANCELLED")
            yield call
        finally:
            call.cancel()  # one that has ended is not changed by it
            with self._lock:
                self._long_calls.discard(call)

    async def pause(self, delay_s: float) -> None:
        with contextlib.suppress(Empty):
            self._bell.get(timeout=delay_s)
            self._bell.put(None)  # for other threads, and for pauses to come

    async def aside(
        self, function: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        return function(*args, **kwargs)


class _Messages(Generic[Answer]):
    """An iterator for ``async for``."""

    def __init__(self, messages: Iterator[Answer]) -> None:
        self._messages = messages

    def __aiter__(self) -> "_Messages[Answer]":
        return self

    async def __anext__(self) -> Answer:
        for message in self._messages:
            return message
        raise StopAsyncIteration
