"""How much may wait, in bytes: who would exceed it is held back until others have ended."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.slots import Order

_ROW_BYTES = 128 * 3000 * 4  # the features of 30 s for the models with most mels
_BATCHES_A_REQUEST = 4  # two keep all workers busy; those ahead hide a slow front end
_LEAST_OF_REQUEST = 32 << 20
_FOR_OTHERS = 1 / 8
_SHARE = 1 / 32  # of the machine's memory
_LEAST_IN_ALL, _MOST_IN_ALL = 64 << 20, 2 << 30

Ticket = Future[None]
"""Done as soon as its order is held, in the thread that makes room; never where it was left."""


def in_all_of(memory_bytes: int) -> int:
    """How much may wait in a machine with so much memory, for all its models and devices."""
    return max(_LEAST_IN_ALL, min(_MOST_IN_ALL, int(memory_bytes * _SHARE)))


def of_request(at_once: int) -> int:
    """Enough for one request to keep as many rows as these running."""
    return max(_LEAST_OF_REQUEST, _BATCHES_A_REQUEST * at_once * _ROW_BYTES)


class Credits:
    """What is held in all, by request and by tenant, by the rows of all the models of a server.

    An eighth of all is kept for each class: a queue full of films does not shut out live callers,
    nor they the films. Of those that are held back, live callers come first, then the tenant that
    holds least: who has many requests at the door has no more room for it. Whoever makes room lets
    them in, so that nobody at the door is woken in vain. Safe to use from any thread.
    """

    def __init__(self, in_all: int = 8 * _LEAST_OF_REQUEST) -> None:
        self._in_all = in_all
        self._requests: Counter[Caller] = Counter()
        self._tenants: Counter[str] = Counter()
        self._classes: Counter[Urgency] = Counter()
        self._at_the_door: dict[Ticket, tuple[Order, int]] = {}  # as they came
        self._held = 0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        held, in_all = self._held >> 20, self._in_all >> 20
        return f"Credits({held} of {in_all} MiB, {len(self._at_the_door)} at the door)"

    @property
    def held(self) -> int:
        return self._held

    def ask(self, order: Order, of_request: int) -> Ticket:
        """Somebody wants in, whose request may hold so much; a ticket to wait for, or ``leave``."""
        ticket: Ticket = Future()
        with self._lock:
            self._at_the_door[ticket] = order, of_request
            let_in = self._let_in()
        _tell(let_in)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Who gives up is at the door no more; of one that got in nothing changes."""
        with self._lock:
            gave_up = self._at_the_door.pop(ticket, None) is not None
            let_in = self._let_in() if gave_up else []  # those that were behind it
        _tell(let_in)

    def release(self, order: Order) -> None:
        """What was held for it is free."""
        with self._lock:
            self._count(order, -order.bytes)
            let_in = self._let_in()
        _tell(let_in)

    def _let_in(self) -> list[Ticket]:
        """All that fit, the one with the best right to it first."""
        let_in: list[Ticket] = []
        while fitting := [t for t, (o, most) in self._at_the_door.items() if self._fits(o, most)]:
            ticket = min(fitting, key=self._rank)  # of equal ones who came first
            order, _ = self._at_the_door.pop(ticket)
            self._count(order, order.bytes)
            let_in.append(ticket)
        return let_in

    def _rank(self, ticket: Ticket) -> tuple[bool, int, int]:
        caller = self._at_the_door[ticket][0].caller
        later = caller.urgency is not Urgency.LIVE
        return later, self._tenants[caller.tenant], self._requests[caller]

    def _fits(self, order: Order, of_request: int) -> bool:
        """One that is alone always does, however large it is."""
        mine = self._requests[order.caller]
        if mine and mine + order.bytes > of_request:
            return False
        own_class = self._classes[order.caller.urgency] + order.bytes
        fits_class = own_class <= self._in_all * (1 - _FOR_OTHERS)
        return not self._held or (fits_class and self._held + order.bytes <= self._in_all)

    def _count(self, order: Order, change: int) -> None:
        caller = order.caller
        self._held += change
        self._classes[caller.urgency] += change
        self._requests[caller] += change
        self._tenants[caller.tenant] += change
        if not self._requests[caller]:
            del self._requests[caller]
        if not self._tenants[caller.tenant]:
            del self._tenants[caller.tenant]


def _tell(let_in: Sequence[Ticket]) -> None:
    """The lock is not held, for that calls whoever waits."""
    for ticket in let_in:
        ticket.set_result(None)
