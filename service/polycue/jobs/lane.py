"""Blocking work beside the event loop, each kind on threads of its own."""

import asyncio
import contextvars
import functools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, Protocol, TypeVar

from polycue.jobs.outage import waiting_at_most


class Closable(Protocol):
    def close(self) -> None: ...


P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C", bound=Closable)


class Lane:
    """``threads`` threads for one kind of work.

    Never asyncio's own pool: that one also resolves host names, and a long read there would hold
    up everything else.
    """

    def __init__(self, name: str, *, threads: int, store_wait_s: float | None = None) -> None:
        """What is done here waits ``store_wait_s`` for stores; None: as long as those want to."""
        self._name, self._store_wait_s = name, store_wait_s
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"polycue-{name}")

    def __repr__(self) -> str:
        return f"Lane({self._name})"

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``work`` returns or raises. Cancelling the wait does not stop the work."""
        return await asyncio.wrap_future(self.submit(work, *args, **kwargs))

    def submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin the work without waiting for it; log lines keep the request id of the caller."""
        context = contextvars.copy_context()
        done = functools.partial(work, *args, **kwargs)
        return self._executor.submit(context.run, self._patiently, done)

    def _patiently(self, work: Callable[[], T]) -> T:
        if self._store_wait_s is None:
            return work()
        with waiting_at_most(self._store_wait_s):
            return work()

    @asynccontextmanager
    async def holding(
        self, open_: Callable[P, C], *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[C]:
        """What ``open_`` returns, for the length of the block; then it is closed, in the lane too.

        However the block ends, also where it is cancelled before it has begun.
        """
        opening = self.submit(open_, *args, **kwargs)
        try:
            yield await asyncio.shield(asyncio.wrap_future(opening))
        finally:
            # Begun before it is awaited, and shielded, so that it is done even where nobody waits
            # any more: a future that is cancelled while its work is queued takes that back.
            closing = self.submit(_close, opening)
            await asyncio.shield(asyncio.wrap_future(closing))

    def close(self) -> None:
        """Wait for the work that was begun; drop what was not."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _close(opening: Future[C]) -> None:
    if opening.exception() is None:  # waits until it is open; the lane began with that
        opening.result().close()
