"""A batcher's queue at work for imaginary devices, on a clock that only events move."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polycue.engine.batching.filling import Queue
from polycue.engine.batching.slots import Order, Slot, State

Service = Callable[[Sequence[Order]], float]
"""The seconds that a batch takes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A row that is asked for at a time; its sound takes a while to be made."""

    at_s: float
    order: Order
    making_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ran:
    """A batch as it was run."""

    worker: int
    begun_s: float
    ended_s: float
    slots: tuple[Slot, ...]


def work_at(tokens_a_second: float) -> Service:
    """A device that takes as long as the work of all rows together, as a CPU does."""
    return lambda orders: sum(order.work for order in orders) / tokens_a_second


class Rota:
    """Runs rows through a ``Queue``; with the same rows it does the same each time.

    ``ended``, where given, is called with each row that ends, and what it gives back is asked for
    then: a caller that goes on.
    """

    def __init__(
        self,
        service: Service,
        *,
        max_rows: int,
        workers: int = 1,
        ended: Callable[[Slot, float], Sequence[Asked]] = lambda slot, now_s: (),
    ) -> None:
        self.queue: Queue[Slot] = Queue(max_rows)
        self.batches: list[Ran] = []
        self.slots: list[Slot] = []
        self._service, self._max_rows, self._ended = service, max_rows, ended
        self._workers = workers
        self._idle = dict.fromkeys(range(workers), True)  # and whether they looked and waited
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = itertools.count()

    def ask(self, *asked: Asked) -> None:
        for one in asked:
            self._at(one.at_s, lambda now_s, one=one: self._add(one, now_s))  # type: ignore[misc]

    def run(self, until_s: float = float("inf")) -> None:
        """Go on until nothing is left to do, or until then."""
        while self._events and self._events[0][0] <= until_s:
            now_s, _, event = heapq.heappop(self._events)
            event(now_s)
            if not self._events or self._events[0][0] > now_s:
                self._hand_out(now_s)

    def cancel(self, slot: Slot, now_s: float) -> None:
        """Its caller takes it back, unless it runs."""
        if slot.state is not State.RUNNING:
            self.queue.end(slot, now_s)

    def _at(self, at_s: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (at_s, next(self._count), event))

    def _add(self, asked: Asked, now_s: float) -> None:
        slot = Slot(len(self.slots), asked.order, now_s)
        self.slots.append(slot)
        self.queue.add(slot, now_s)
        self._at(now_s + asked.making_s, lambda at_s: self._made(slot, at_s))

    def _made(self, slot: Slot, now_s: float) -> None:
        if slot.state is State.MAKING:
            self.queue.made(slot, now_s)

    def _hand_out(self, now_s: float) -> None:
        for worker in sorted(self._idle, reverse=True):
            idle = len(self._idle)
            pause_s, busy = 0.0, self._workers - idle
            if self._idle[worker]:
                pause_s = self.queue.pause_s(self._max_rows, idle=idle, now_s=now_s)
                busy = 0
            self._idle[worker] = True
            if pause_s:
                self._at(now_s + pause_s, lambda now_s: None)
            elif batch := self.queue.take(self._max_rows, idle=idle, busy=busy, now_s=now_s):
                self._begin(worker, batch, now_s)

    def _begin(self, worker: int, batch: list[Slot], now_s: float) -> None:
        del self._idle[worker]
        for slot in batch:
            slot.become(State.RUNNING)
        ended_s = now_s + self._service([slot.order for slot in batch])
        self.batches.append(Ran(worker, now_s, ended_s, tuple(batch)))
        self._at(ended_s, lambda at_s: self._end(worker, batch, at_s))

    def _end(self, worker: int, batch: list[Slot], now_s: float) -> None:
        self._idle[worker] = False
        for slot in batch:
            self.queue.end(slot, now_s)
            self.ask(*self._ended(slot, now_s))
