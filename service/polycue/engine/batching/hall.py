"""Where rows wait: how they come in, are taken by workers, and leave. All of it under one lock."""

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Draining
from polycue.engine.batch_done import Queued
from polycue.engine.batching.credits import Credits, Ticket
from polycue.engine.batching.filling import Queue
from polycue.engine.batching.slots import Order, State
from polycue.engine.batching.work import Bench, Row
from polycue.speech.passage import Passage


class Hall:
    """The rows of a batcher that have not ended. Safe to use from any thread.

    One request may hold ``of_request`` bytes of the credits, which other halls have a part in. The
    lock is never held while a result is settled, for that calls whoever waits for it.
    """

    def __init__(
        self, max_rows: int, credits_: Credits, of_request: int, clock: Callable[[], float]
    ) -> None:
        self._queue: Queue[Row] = Queue(max_rows)
        self._credits, self._of_request, self._clock = credits_, of_request, clock
        self._at_the_door: set[Ticket] = set()
        self._rows: dict[Row, None] = {}  # those that have not ended
        self._numbers = itertools.count()
        self._idle = self._running = 0
        self.closed = False
        self._lock = threading.Lock()
        self._work_there = threading.Condition(self._lock)

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
                bytes=sum(row.order.bytes for row in self._rows),
            )

    def enter(self, passage: Future[Passage], order: Order, cancel: CancelToken) -> Row:
        """As ``Batcher.submit``."""
        row = self._let_in(passage, order, cancel)
        row.result.add_done_callback(lambda _: self._ended(row))
        forget = cancel.on_cancel(lambda: self._take_back(row))
        row.result.add_done_callback(lambda _: forget())
        passage.add_done_callback(lambda made: self._made(row, made))
        return row

    def take(self, bench: Bench) -> list[Row]:
        """The next batch for a worker, which runs from now on; empty when there will be none.

        ``rest`` must be called behind it.
        """
        with self._lock:
            self._idle += 1
            pause_s = 0.0  # who was busy takes at once what is there
            while not self.closed:
                if not pause_s and (rows := self._begin(bench)):
                    self._idle -= 1
                    self._running += 1
                    return rows
                self._work_there.wait(pause_s or None)
                pause_s = self._queue.pause_s(bench.rows, idle=self._idle, now_s=self._clock())
            return []

    def rest(self) -> None:
        """A worker's batch has ended."""
        with self._lock:
            self._running -= 1

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
                self._queue.end(row, self._clock())
            self._work_there.notify_all()
            held_back = list(self._at_the_door)
        for ticket in held_back:
            ticket.cancel()
        for row in waiting:
            row.fail(Draining())

    def _let_in(self, passage: Future[Passage], order: Order, cancel: CancelToken) -> Row:
        self._wait_for_room(order, cancel)
        with self._lock:
            if not (self.closed or cancel.cancelled):
                now_s = self._clock()
                row = Row(next(self._numbers), order, now_s, passage, cancel)
                self._rows[row] = None
                self._queue.add(row, now_s)
                return row
        self._credits.release(order)
        raise Cancelled if cancel.cancelled else Draining

    def _wait_for_room(self, order: Order, cancel: CancelToken) -> None:
        """Its bytes are held when this returns."""
        ticket = self._credits.ask(order, self._of_request)
        with self._lock:
            self._at_the_door.add(ticket)
            if self.closed:
                ticket.cancel()

        def give_up() -> None:
            ticket.cancel()

        forget = cancel.on_cancel(give_up)
        try:
            ticket.result()
        except CancelledError:
            cancel.check()
            raise Draining from None
        finally:
            forget()
            self._credits.leave(ticket)
            with self._lock:
                self._at_the_door.discard(ticket)

    def _made(self, row: Row, passage: Future[Passage]) -> None:
        error = Draining() if passage.cancelled() else passage.exception()
        with self._lock:
            if row.state is not State.MAKING:
                return
            if error is None:
                self._queue.made(row, self._clock())
                self._work_there.notify()
                return
            self._queue.end(row, self._clock())
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
            self._queue.end(row, self._clock())
            del self._rows[row]
        self._credits.release(row.order)

    def _begin(self, bench: Bench) -> list[Row]:
        """Rows that run from now on; those that were taken back in the meantime are left out."""
        while taken := self._queue.take(bench.rows, idle=self._idle, now_s=self._clock()):
            rows = [row for row in taken if row.begin()]
            for row in rows:
                row.become(State.RUNNING)
            if self._queue.ready and self._idle > 1:
                self._work_there.notify()
            if rows:
                return rows
        return []
