"""A run over many films: keeps jobs waiting at the server, and takes home what has ended.

One thread decides; others queue films and fetch results. The server is asked for all jobs of the
run together, so thousands of films cost it no more than a few.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

from polycue.api.v1 import jobs_pb2
from polycue_client.cli.bulk import faults, rows
from polycue_client.cli.bulk.ahead import Ahead
from polycue_client.cli.bulk.faults import Then, Traces
from polycue_client.cli.bulk.rows import FilmRow
from polycue_client.cli.bulk.sieve import Sieve
from polycue_client.cli.bulk.totals import Totals
from polycue_client.cli.bulk.work import Desk, Flight
from polycue_client.cli.interruption import Interruption
from polycue_client.errors import (
    CallCancelled,
    PolycueClientError,
    ResourceExhausted,
    ServerUnreachable,
    TimedOut,
)
from polycue_client.retry import passes

_LOOK_S = 0.5
_SENDERS, _FETCHERS = 4, 4
_LONGEST_WAIT_S = 900.0  # a server that wants more than that is left until another day
_MOST_TRIES = 3


class Run:
    """``tell`` is given each row as it is known."""

    def __init__(
        self,
        desk: Desk,
        sieve: Sieve,
        ahead: Ahead,
        totals: Totals,
        interruption: Interruption,
        *,
        tell: Callable[[FilmRow], None],
        say: Callable[[str], None],
        look: Callable[[Totals], None],
    ) -> None:
        self._desk, self._sieve, self._ahead, self._totals = desk, sieve, ahead, totals
        self._interruption = interruption
        self._tell, self._say, self._show = tell, say, look
        self._again: deque[Flight] = deque()
        self._queueing: dict[Future[jobs_pb2.Job], Flight] = {}
        self._flying: dict[str, Flight] = {}
        self._fetching: dict[Future[FilmRow | None], Flight] = {}
        self._pause_until_s = self._looked_s = 0.0
        self._unanswered = 0
        self._traces = Traces()
        self._woken = threading.Event()
        self.fatal: Exception | None = None

    def __repr__(self) -> str:
        return f"Run({len(self._queueing)} on their way, {len(self._flying)} there)"

    def work(self) -> None:
        """Come back when every film has its end, or when there is no going on: see ``fatal``."""
        self._interruption.on_signal(lambda times: self._woken.set())
        with ExitStack() as stack:
            self._senders = stack.enter_context(ThreadPoolExecutor(_SENDERS, "bulk-send"))
            self._fetchers = stack.enter_context(ThreadPoolExecutor(_FETCHERS, "bulk-fetch"))
            try:
                while not self._is_over():
                    self._fill()
                    self._wait()
                    self._hear()
                    self._look()
            except PolycueClientError as error:
                self.fatal = error
            self._leave()

    def _is_over(self) -> bool:
        in_hand = self._queueing or self._flying or self._fetching or self._again
        return self._is_stopped() or (self._sieve.is_empty and not in_hand)

    def _is_stopped(self) -> bool:
        return bool(self._interruption.times or self.fatal)

    # --- towards the server -------------------------------------------------------------------

    def _fill(self) -> None:
        if time.monotonic() < self._pause_until_s:
            return
        while self._room() > 0 and not self._is_stopped():
            flight = self._again.popleft() if self._again else self._next()
            if flight is None:
                return
            self._queueing[self._senders.submit(self._desk.queue, flight)] = flight

    def _room(self) -> int:
        running = sum(flight.is_running for flight in self._flying.values())
        waiting = len(self._queueing) + len(self._flying) - running
        # Two for each sender are enough to keep all of them sending.
        on_their_way = 2 * _SENDERS - len(self._queueing)
        return min(self._ahead.room(waiting=waiting, running=running), on_their_way)

    def _next(self) -> Flight | None:
        """Films that are passed over hold up the others for as long as until the next look."""
        return self._sieve.next(
            wanted=lambda: (
                not self._is_stopped() and time.monotonic() - self._looked_s < 2 * _LOOK_S
            )
        )

    # --- and back -----------------------------------------------------------------------------

    def _wait(self) -> None:
        """Until something is done, or it is time to look again."""
        pending: list[Future[Any]] = [*self._queueing, *self._fetching]
        if self._is_over():
            return
        if pending:
            wait(pending, _LOOK_S, FIRST_COMPLETED)
        elif self._flying or time.monotonic() < self._pause_until_s:
            self._woken.wait(_LOOK_S)

    def _hear(self) -> None:
        for queued in [future for future in self._queueing if future.done()]:
            flight = self._queueing.pop(queued)
            if queued.cancelled():
                self._again.append(flight)
            elif error := queued.exception():
                self._not_queued(flight, error)
            else:
                flight.see(queued.result())
                self._flying[flight.job] = flight
        for fetched in [future for future in self._fetching if future.done()]:
            flight = self._fetching.pop(fetched)
            if fetched.cancelled():
                self._flying[flight.job] = flight
            elif error := fetched.exception():
                self._heed(flight, error, faults.of_fetching)
            elif row := fetched.result():
                self._fetchers.submit(self._desk.tidy, flight, has_results=True)
                self._tell(row)
            else:
                self._flying[flight.job] = flight

    def _not_queued(self, flight: Flight, error: BaseException) -> None:
        if isinstance(error, ResourceExhausted) and passes(error):
            self._hold_off(error)
            self._again.appendleft(flight)
        else:
            self._heed(flight, error, faults.of_queueing)

    def _hold_off(self, error: PolycueClientError) -> None:
        """The server is full: its own word says until when nothing more is sent."""
        delay_s = error.retry_after_s or _LOOK_S
        if delay_s > _LONGEST_WAIT_S and not self._flying:
            self.fatal = error
        self._pause_until_s = time.monotonic() + min(delay_s, _LONGEST_WAIT_S)
        self._say(f"the server takes no more for now: {error.message}")

    def _try_again(self, flight: Flight, error: Exception) -> None:
        """What is gone may have been done, and cleared away, by another process.

        A call that got no answer in time may have been heard: asked again it makes no second job.
        """
        flight.tries += 1
        if flight.tries >= _MOST_TRIES:
            self._failed(flight, error)
        elif row := self._sieve.verdict(flight):
            self._tell(row)
        else:
            self._again.append(flight)

    def _heed(
        self, flight: Flight, error: BaseException, rule: Callable[[Exception], Then]
    ) -> None:
        if not isinstance(error, Exception):
            raise error
        match rule(error):
            case Then.STOP:
                self._stop_at(flight, error)
            case Then.AGAIN:
                self._try_again(flight, error)
            case Then.FAIL:
                self._failed(flight, error)

    def _failed(self, flight: Flight, error: Exception) -> None:
        if trace := self._traces.of(error):
            self._say(trace)
        if faults.is_lasting(error):
            self._senders.submit(self._desk.tidy, flight, has_results=False)
        self._tell(rows.failed(flight.film.address, error, flight.job))

    def _stop_at(self, flight: Flight, error: Exception) -> None:
        """No film will fare better. What the server has of this one it keeps."""
        self.fatal = self.fatal or error
        self._tell(rows.failed(flight.film.address, error, flight.job, state=rows.LEFT))

    # --- how far all have come ----------------------------------------------------------------

    def _look(self) -> None:
        if time.monotonic() - self._looked_s < _LOOK_S or self._is_over():
            return
        known = list(self._flying)
        try:
            unended = self._desk.unended() if known else {}
            self._unanswered = 0
        except TimedOut:
            self._unanswered += 1
            if self._unanswered >= _MOST_TRIES:
                raise
            return
        for name in known:
            if job := unended.get(name):
                self._flying[name].see(job)
            else:
                flight = self._flying.pop(name)
                self._fetching[self._fetchers.submit(self._desk.collect, flight)] = flight
        self._looked_s = time.monotonic()
        self._count()

    def _count(self) -> None:
        totals, flying = self._totals, self._flying.values()
        totals.running = sum(flight.is_running for flight in flying)
        totals.waiting, totals.sending = len(flying) - totals.running, len(self._queueing)
        totals.at_work_ms = sum(flight.heard_ms for flight in flying)
        if not (totals.waiting or self._sieve.is_empty):
            self._ahead.ran_dry()
        self._show(totals)

    # --- the end ------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Let nothing unfinished go without a word. Whom a signal stops wants no job any more."""
        if isinstance(self.fatal, ServerUnreachable):
            self._desk.interrupt()  # who still waits for it need not
        in_hand: list[Future[Any]] = [*self._queueing, *self._fetching]
        for future in in_hand:
            future.cancel()
        wait(in_hand)
        self._hear()
        left = [*self._flying.values(), *self._again]
        if self._interruption.times:
            with_job = [flight for flight in left if flight.job]
            wait([self._senders.submit(self._desk.cancel, flight) for flight in with_job])
        error = self.fatal or CallCancelled("interrupted before its end")
        for flight in left:
            self._tell(rows.failed(flight.film.address, error, flight.job, state=rows.LEFT))
