"""Blocking work of calls: a bounded number at once, what it makes handed over as it comes."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Generic, TypeVar

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Draining
from polycue.jobs.lane import Lane
from polycue.rpc import tenant
from polycue.rpc.access.places import Places

_ITEMS_AHEAD = 64

T = TypeVar("T")


class Workers:
    """Each piece of work has one of ``places``, and a thread.

    For one event loop. A place is free again only when its thread has let go, not when its caller
    has gone.
    """

    def __init__(self, name: str, places: Places) -> None:
        self._lane, self._places = Lane(name, threads=places.limit), places
        self._working: set[CancelToken] = set()
        self._stopping = False

    def __repr__(self) -> str:
        return f"Workers({self._lane!r}, {self._places!r})"

    async def stream(
        self, work: Callable[[CancelToken, Callable[[T], None]], None]
    ) -> AsyncGenerator[T]:
        """What ``work`` hands over, in order. Close it: that cancels the work.

        ``work`` gets the flag that stops it and the function to hand over with, which waits while
        the reader is slow, so that nothing piles up and nothing is lost.

        Raises:
            TooManyCalls: no place became free; the work was not begun.
            Draining: the server stopped the work.
        """
        give_back = await self._places.take(tenant.current())
        cancel = CancelToken()
        loop = asyncio.get_running_loop()
        bridge = _Bridge[T](loop, cancel)
        self._working.add(cancel)

        def finish(error: BaseException | None) -> None:
            self._working.discard(cancel)
            give_back()
            bridge.end(error)

        def run() -> None:
            error: BaseException | None = None
            try:
                work(cancel, bridge.put)
            except BaseException as raised:
                error = raised  # and raised again where it is awaited
            loop.call_soon_threadsafe(finish, error)

        self._lane.submit(run)
        try:
            async for item in bridge:
                yield item
        except Cancelled:
            if self._stopping:
                raise Draining from None
            raise
        finally:
            cancel.cancel()

    async def answer(self, work: Callable[[CancelToken], T]) -> T:
        """What ``work`` returns; see ``stream``."""

        def hand_over(cancel: CancelToken, put: Callable[[T], None]) -> None:
            put(work(cancel))

        async with aclosing(self.stream(hand_over)) as answers:
            return await anext(answers)

    def interrupt(self) -> None:
        """Stop all work because the server stops."""
        self._stopping = True
        self._places.shut()
        for cancel in tuple(self._working):
            cancel.cancel()

    def close(self) -> None:
        """Wait until the threads have let go; blocks."""
        self._lane.close()


class _Bridge(Generic[T]):
    """A bounded queue from one thread into the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, cancel: CancelToken) -> None:
        self._loop, self._cancel = loop, cancel
        self._room = threading.Semaphore(_ITEMS_AHEAD)
        self._items: asyncio.Queue[T | _End] = asyncio.Queue()
        cancel.on_cancel(self._room.release)  # wakes the one thread that may wait for room

    def put(self, item: T) -> None:
        """Hand over from the thread; waits while the reader is behind.

        Raises:
            Cancelled: nobody reads any more.
        """
        self._room.acquire()
        self._cancel.check()
        self._loop.call_soon_threadsafe(self._items.put_nowait, item)

    def end(self, error: BaseException | None) -> None:
        """Let the reader have what is there, and then the error, if any. From the loop."""
        self._items.put_nowait(_End(error))

    async def __aiter__(self) -> AsyncIterator[T]:
        while True:
            item = await self._items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._room.release()
            yield item


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error
