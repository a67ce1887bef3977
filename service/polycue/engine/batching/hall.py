"""Where rows wait: how they come in, are taken by workers, and leave. All of it under one lock."""

import itertools
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from typing import Protocol

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Draining
from polycue.engine.batch_done import Queued
from polycue.engine.batching.credits import Credits
from polycue.engine.batching.filling import Queue
from polycue.engine.batching.slots import Order, State
from polycue.engine.batching.work import Bench, Row
from polycue.speech.passage import Passage


class WorkThere(Protocol):
    """Where idle workers wait; a ``threading.Condition``, but where time is simulated."""

    def wait(self, timeout: float | None = None) -> bool: ...

    def notify(self, n: int = 1) -> None: ...

    def notify_all(self) -> None: ...


class Hall:
    """The rows of a batcher that have not ended. Safe to use from any thread.

    One request may hold ``of_request`` bytes of the credits, which other halls have a part in; a
    row for which there is no room waits outside the queue. The lock is never held while a result is
    settled, for that calls whoever waits for it.
    """

    def __init__(
        self,
        max_rows: int,
        credits_: Credits,
        of_request: int,
        clock: Callable[[], float],
        work_there: Callable[[threading.Lock], WorkThere] = threading.Condition,
    ) -> None:
        self._queue: Queue[Row] = Queue(max_rows)
        self._credits, self._of_request, self._clock = credits_, of_request, clock
        self._rows: dict[Row, None] = {}  # those that have not ended
        self._numbers = itertools.count()
        self._idle = self._running = 0
        self.closed = False
        self._lock = threading.Lock()
        self._work_there = work_there(self._lock)

    def __repr__(self) -> str:
        if self.closed:
            return "closed"
        return f"{self._running} running, {len(self._queue)} waiting, {self._credits}"

    def now(self) -> Queued:
        with self._lock:
            return Queued(
                waiting=self._queue.waiting,
                again=self._queue.again,
                running=self._running,
                oldest_s=self._queue.oldest_s(self._clock()),
                bytes=sum(row.order.bytes for row in self._rows if row.result.inside),
            )

    def enter(
        self,
        passage: Future[Passage],
        order: Order,
        cancel: CancelToken,
        entered: Callable[[], None],
    ) -> Row:
        """As ``Batcher.submit``."""
        cancel.check()
        with self._lock:
            if self.closed:
                raise Draining
            row = Row(next(self._numbers), order, self._clock(), passage, cancel, entered)
            self._rows[row] = None
        row.result.add_done_callback(lambda _: self._ended(row))
        forget = cancel.on_cancel(lambda: self._take_back(row))
        row.result.add_done_callback(lambda _: forget())
        passage.add_done_callback(lambda made: self._made(row, made))
        ticket = self._credits.ask(order, self._of_request)
        row.result.add_done_callback(lambda _: self._credits.leave(ticket))
        ticket.add_done_callback(lambda _: self._let_in(row))
        return row

    def take(self, bench: Bench) -> list[Row]:
        """The next batch for a worker, which runs from now on; empty when there will be none.

        ``rest`` must be called behind it.
        """
        with self._lock:
            taking = self.taking(bench)
            try:
                while True:
                    self._work_there.wait(next(taking))
            except StopIteration as end:
                rows: list[Row] = end.value
                return rows

    def taking(self, bench: Bench) -> Generator[float | None, None, list[Row]]:
        """``take`` for whoever holds the lock, and waits in another way.

        It yields for how long to wait for work, None for as long as it takes.
        """
        self._idle += 1
        pause_s = 0.0  # who was busy takes at once what is there
        busy = self._running
        while not (self.closed or bench.leaving):
            if not pause_s and (rows := self._begin(bench, busy)):
                self._idle -= 1
                self._running += 1
                return rows
            yield pause_s or None
            busy = 0  # with what was begun since
            pause_s = self._queue.pause_s(bench.rows, idle=self._idle, now_s=self._clock())
        self._idle -= 1
        self._pass_on()
        return []

    def rest(self) -> None:
        """A worker's batch has ended."""
        with self._lock:
            self._running -= 1

    def leave(self, bench: Bench) -> None:
        """Give this one's workers nothing more; what runs there ends."""
        with self._lock:
            bench.leaving = True
            self._work_there.notify_all()

    def allow(self, of_request: int) -> None:
        """How much requests that come from now on may hold: there are more workers, or fewer."""
        with self._lock:
            self._of_request = of_request

    def put_back(self, rows: Sequence[Row]) -> None:
        """Rows that ran in vain take their places again, if anybody still wants them."""
        with self._lock:
            wanted = [row for row in rows if not (row.cancel.cancelled or self.closed)]
            for row in wanted:
                self._queue.put_back(row)
            self._work_there.notify_all()
        for row in rows:
            if row not in wanted:
                row.fail(Cancelled() if row.cancel.cancelled else Draining())

    def settle(self, row: Row, tokens: int) -> None:
        """Its caller pays for so many tokens, not for what was expected."""
        with self._lock:
            self._queue.settle(row, tokens)

    def close(self) -> None:
        """Fail what waits; who is held back, and workers, are sent away."""
        with self._lock:
            self.closed = True
            waiting = [row for row in self._rows if row.state in {State.MAKING, State.READY}]
            for row in waiting:
                self._end(row)
            self._work_there.notify_all()
        for row in waiting:
            row.fail(Draining())

    def _let_in(self, row: Row) -> None:
        """There is room for it: its bytes are held."""
        with self._lock:
            wanted = row.state is State.MAKING
            if wanted:
                row.result.inside = True
                self._queue.add(row, self._clock())
                if _is_made(row.passage):
                    self._to_ready(row)
        if wanted:
            row.entered()
        else:
            self._credits.release(row.order)

    def _to_ready(self, row: Row) -> None:
        self._queue.made(row, self._clock())
        self._work_there.notify()

    def _pass_on(self) -> None:
        """A worker may have been woken for what is for others now."""
        if self._queue.ready and not self.closed:
            self._work_there.notify()

    def _end(self, row: Row) -> None:
        """It waits no more, in the queue or at the door."""
        if row.result.inside:
            self._queue.end(row, self._clock())
        elif row.state is not State.DONE:
            row.become(State.DONE)

    def _made(self, row: Row, passage: Future[Passage]) -> None:
        error = Draining() if passage.cancelled() else passage.exception()
        with self._lock:
            if row.state is not State.MAKING:
                return
            if error is None:
                if row.result.inside:
                    self._to_ready(row)
                return
            self._end(row)
        row.fail(error)

    def _take_back(self, row: Row) -> None:
        """Its token was set."""
        if row.result.cancel():
            return  # and ``_ended`` was called
        with self._lock:
            if row.state not in {State.READY, State.RESERVED}:
                return  # it runs, for nobody
            self._queue.end(row, self._clock())
        row.fail(Cancelled())

    def _ended(self, row: Row) -> None:
        """Its result is settled, or was taken back."""
        row.drop_passage()
        with self._lock:
            self._end(row)
            del self._rows[row]
        if row.result.inside:
            self._credits.release(row.order)

    def _begin(self, bench: Bench, busy: int) -> list[Row]:
        """Rows that run from now on; those that were taken back in the meantime are left out."""
        idle, now_s = self._idle, self._clock()
        while taken := self._queue.take(bench.rows, idle=idle, busy=busy, now_s=now_s):
            rows = [row for row in taken if row.begin()]
            for row in rows:
                row.become(State.RUNNING)
            if self._queue.ready and idle > 1:
                self._work_there.notify()
            if rows:
                return rows
        return []


def _is_made(passage: Future[Passage]) -> bool:
    return passage.done() and not passage.cancelled() and passage.exception() is None
