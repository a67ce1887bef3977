"""Simulated time: what happens when, and what can do only so much at once."""

import heapq
import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator

Event = Callable[[], None]


class Clock:
    """Seconds since the beginning. The same events in the same order, each time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._count = itertools.count()

    def __call__(self) -> float:
        return self.now_s

    @property
    def nothing_to_come(self) -> bool:
        return not self._events

    def at(self, delay_s: float, event: Event) -> None:
        """Have it happen so much later; at one moment, in the order of asking."""
        heapq.heappush(self._events, (self.now_s + delay_s, next(self._count), event))

    def run(self, until_s: float = math.inf) -> None:
        """Go on until nothing is left to happen, or until then."""
        while self._events and self._events[0][0] <= until_s:
            self.now_s, _, event = heapq.heappop(self._events)
            event()


class Server:
    """Does ``at_once`` pieces of work side by side, first come, first served.

    ``busy_s`` is what it has worked, over all that is side by side.
    """

    def __init__(self, clock: Clock, name: str, at_once: int) -> None:
        self._clock, self.name, self.at_once = clock, name, at_once
        self._waiting: deque[tuple[float, Event]] = deque()
        self._at_work = 0
        self.busy_s = 0.0
        self.served = 0

    def __repr__(self) -> str:
        return f"Server({self.name}: {self._at_work} of {self.at_once}, {len(self._waiting)} wait)"

    def ask(self, work_s: float, done: Event) -> None:
        """Have work done; ``done`` happens behind it."""
        if not work_s:
            self._clock.at(0.0, done)
            return
        self._waiting.append((work_s, done))
        self._begin()

    def ask_in_slices(self, work_s: float, slice_s: float, done: Event) -> None:
        """As ``ask``, letting others in between: what threads do that share one lock."""
        if work_s <= slice_s:
            self.ask(work_s, done)
        else:
            self.ask(slice_s, lambda: self.ask_in_slices(work_s - slice_s, slice_s, done))

    def _begin(self) -> None:
        while self._waiting and self._at_work < self.at_once:
            work_s, done = self._waiting.popleft()
            self._at_work += 1
            self._clock.at(work_s, lambda work_s=work_s, done=done: self._end(work_s, done))  # type: ignore[misc]

    def _end(self, work_s: float, done: Event) -> None:
        self._at_work -= 1
        self.busy_s += work_s
        self.served += 1
        self._begin()
        done()


class WaitingRoom:
    """Where idle workers wait for work: a ``threading.Condition`` without threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[int, Event] = {}  # as they came
        self._numbers: Iterator[int] = itertools.count()

    def enter(self, within_s: float | None, wake: Event) -> None:
        """``wake`` happens as soon as there is a call for the one who waits, or so much later."""
        number = next(self._numbers)
        self._waiting[number] = wake
        if within_s is not None:
            self._clock.at(within_s, lambda: self._leave(number))

    def notify(self, n: int = 1) -> None:
        for number in list(itertools.islice(self._waiting, n)):
            self._clock.at(0.0, self._waiting.pop(number))

    def notify_all(self) -> None:
        self.notify(len(self._waiting))

    def wait(self, timeout: float | None = None) -> bool:
        raise AssertionError("nobody has a thread here to wait with")

    def _leave(self, number: int) -> None:
        if wake := self._waiting.pop(number, None):
            wake()
