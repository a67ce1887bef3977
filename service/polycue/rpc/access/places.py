"""Places for calls: so many at once, and none for one tenant alone while another asks."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from polycue import metrics
from polycue.domain.errors import Draining, TooManyCalls
from polycue.rpc.access.callers import Kind

_RETRY_S = 5
_WAITING_PER_PLACE = 4  # of one tenant; each holds its request, up to 4 MiB


class Places:
    """``limit`` places, of which a tenant may hold ``most_of(tenant)``. For one event loop.

    Who comes while none is free waits, at most ``patience_s``. A place that becomes free goes to
    the tenant that holds the fewest among those who wait, then to the one served longest ago.
    """

    def __init__(
        self,
        kind: Kind,
        limit: int,
        *,
        most_of: Callable[[str], int | None] = lambda tenant: None,
        patience_s: float = 0,
    ) -> None:
        self.limit, self._kind, self._most_of = limit, kind, most_of
        self._patience_s = patience_s
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._served: Counter[str] = Counter()  # the number of the place each was given last
        self._given = 0
        self._is_shut = False

    def __repr__(self) -> str:
        waiting = sum(map(len, self._waiting.values()))
        return f"Places({self._kind}, {self._held.total()} of {self.limit}, {waiting} waiting)"

    async def take(self, tenant: str) -> Callable[[], None]:
        """Hold a place; returns what gives it back, to be called once.

        Raises:
            TooManyCalls: none became free in time.
            Draining: the server stops.
        """
        if self._is_shut:
            raise Draining
        if self._may_take(tenant):
            self._give(tenant)
        else:
            await self._wait(tenant)
        return lambda: self._give_back(tenant)

    @asynccontextmanager
    async def held(self, tenant: str) -> AsyncIterator[None]:
        """Hold a place for the length of the block; see ``take``."""
        give_back = await self.take(tenant)
        try:
            yield
        finally:
            give_back()

    def shut(self) -> None:
        """Let nobody wait any more, and nobody new in."""
        self._is_shut = True
        for waiting in self._waiting.values():
            for place in waiting:
                if not place.done():
                    place.set_exception(Draining())

    async def _wait(self, tenant: str) -> None:
        waiting = self._waiting.get(tenant, deque())
        if not self._patience_s or len(waiting) >= _WAITING_PER_PLACE * self.limit:
            raise self._refusal(tenant)
        self._waiting[tenant] = waiting
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(place)
        try:
            async with asyncio.timeout(self._patience_s):
                await place
        except BaseException as error:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._give_back(tenant)  # it was given in the moment its caller gave up
            if isinstance(error, TimeoutError):
                raise self._refusal(tenant) from None
            raise
        finally:
            waiting.remove(place)
            if not waiting:
                del self._waiting[tenant]

    def _may_take(self, tenant: str) -> bool:
        if self._held.total() >= self.limit:
            return False
        most = self._most_of(tenant)
        return most is None or self._held[tenant] < most

    def _give(self, tenant: str) -> None:
        self._held[tenant] += 1
        self._given += 1
        self._served[tenant] = self._given
        metrics.CALLS_AT_WORK.labels(self._kind).inc()

    def _give_back(self, tenant: str) -> None:
        self._held[tenant] -= 1
        metrics.CALLS_AT_WORK.labels(self._kind).dec()
        if (first := self._first_in_line()) is not None:
            whose, place = first
            self._give(whose)
            place.set_result(None)

    def _first_in_line(self) -> tuple[str, asyncio.Future[None]] | None:
        """Who gets the next place, of those that may have one."""
        first = {
            tenant: place
            for tenant, waiting in self._waiting.items()
            if (place := next((each for each in waiting if not each.done()), None))
            and self._may_take(tenant)
        }
        if not first:
            return None
        whose = min(first, key=lambda tenant: (self._held[tenant], self._served[tenant]))
        return whose, first[whose]

    def _refusal(self, tenant: str) -> TooManyCalls:
        most = self._most_of(tenant)
        return TooManyCalls(self.limit if most is None else min(most, self.limit), _RETRY_S)
