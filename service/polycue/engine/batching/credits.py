"""How much may wait, in bytes: who would exceed it is held back until others have ended."""

from collections import Counter
from typing import Self

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.slots import Order

_ROW_BYTES = 128 * 3000 * 4  # the features of 30 s for the models with most mels
_BATCHES_A_REQUEST = 4  # two keep all workers busy; those ahead hide a slow front end
_LEAST_BYTES = 32 << 20
_REQUESTS_IN_ALL = 8
_FOR_OTHERS = 1 / 8


class Credits:
    """What is held, by request, by tenant and in all. Not for several threads at once.

    An eighth of all is kept for each class: a queue full of films does not shut out live callers,
    nor they the films. Of those that are held back, live callers come first, then the tenant that
    holds least: who has many requests at the door has no more room for it.
    """

    def __init__(self, *, of_request: int, in_all: int) -> None:
        self._of_request, self._in_all = of_request, in_all
        self._requests: Counter[Caller] = Counter()
        self._tenants: Counter[str] = Counter()
        self._classes: Counter[Urgency] = Counter()
        self._at_the_door: dict[int, Order] = {}
        self._arrivals = 0
        self.held = 0

    def __repr__(self) -> str:
        held, in_all = self.held >> 20, self._in_all >> 20
        return f"Credits({held} of {in_all} MiB, {len(self._at_the_door)} at the door)"

    @classmethod
    def for_rows(cls, at_once: int) -> Self:
        """Enough for one request to keep as many rows as these running, and for a few of them."""
        of_request = max(_LEAST_BYTES, _BATCHES_A_REQUEST * at_once * _ROW_BYTES)
        return cls(of_request=of_request, in_all=_REQUESTS_IN_ALL * of_request)

    def arrive(self, order: Order) -> int:
        """Somebody wants in; its ticket, which must be handed back to ``leave``."""
        self._arrivals += 1
        self._at_the_door[self._arrivals] = order
        return self._arrivals

    def leave(self, ticket: int) -> None:
        """It got in, or gave up."""
        del self._at_the_door[ticket]

    def may_enter(self, ticket: int) -> bool:
        """Whether there is room, and nobody with a better right to it is at the door."""
        if not self._fits(self._at_the_door[ticket]):
            return False
        mine = self._rank(ticket)
        return not any(
            self._rank(other) < mine and self._fits(order)
            for other, order in self._at_the_door.items()
        )

    def hold(self, order: Order) -> None:
        self.held += order.bytes
        self._requests[order.caller] += order.bytes
        self._tenants[order.caller.tenant] += order.bytes
        self._classes[order.caller.urgency] += order.bytes

    def release(self, order: Order) -> None:
        caller = order.caller
        self.held -= order.bytes
        self._requests[caller] -= order.bytes
        self._tenants[caller.tenant] -= order.bytes
        self._classes[caller.urgency] -= order.bytes
        if not self._requests[caller]:
            del self._requests[caller]
        if not self._tenants[caller.tenant]:
            del self._tenants[caller.tenant]

    def _rank(self, ticket: int) -> tuple[bool, int, int, int]:
        caller = self._at_the_door[ticket].caller
        later = caller.urgency is not Urgency.LIVE
        return later, self._tenants[caller.tenant], self._requests[caller], ticket

    def _fits(self, order: Order) -> bool:
        """One that is alone always does, however large it is."""
        mine = self._requests[order.caller]
        if mine and mine + order.bytes > self._of_request:
            return False
        own_class = self._classes[order.caller.urgency] + order.bytes
        fits_class = own_class <= self._in_all * (1 - _FOR_OTHERS)
        return not self.held or (fits_class and self.held + order.bytes <= self._in_all)
