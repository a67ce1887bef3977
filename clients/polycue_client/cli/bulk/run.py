"""A run over many films: keeps jobs waiting at the server, and takes home what has ended.

One thread decides, here; others queue films and fetch results (``flights``). The server is asked
for all jobs of the run together, so thousands of films cost it no more than a few.
"""

import threading
import time
from collections.abc import Callable

from polycue_client.cli.bulk import faults, rows
from polycue_client.cli.bulk.ahead import Ahead
from polycue_client.cli.bulk.faults import Then, Traces
from polycue_client.cli.bulk.flights import Flights
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
        self._flights = Flights(desk)
        self._pause_until_s = self._looked_s = 0.0
        self._unanswered = 0
        self._traces = Traces()
        self._woken = threading.Event()
        self.fatal: Exception | None = None

    def __repr__(self) -> str:
        return f"Run({self._flights})"

    def work(self) -> None:
        """Come back when every film has its end, or when there is no going on: see ``fatal``."""
        self._interruption.on_signal(lambda times: self._woken.set())
        with self._flights:
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
        return self._is_stopped() or (self._sieve.is_empty and not self._flights)

    def _is_stopped(self) -> bool:
        return bool(self._interruption.times or self.fatal)

    # --- towards the server -------------------------------------------------------------------

    def _fill(self) -> None:
        if time.monotonic() < self._pause_until_s:
            return
        while self._room() > 0 and not self._is_stopped():
            flight = self._flights.take_back() or self._next()
            if flight is None:
                return
            self._flights.queue(flight)

    def _room(self) -> int:
        running = self._flights.running
        waiting = self._flights.sending + self._flights.there - running
        room = self._ahead.room(waiting=waiting, running=running)
        return min(room, self._flights.room_to_send)

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
        if self._is_over() or self._flights.wait(_LOOK_S):
            return
        if self._flights.there or time.monotonic() < self._pause_until_s:
            self._woken.wait(_LOOK_S)

    def _hear(self) -> None:
        for flight, error in self._flights.not_queued():
            self._not_queued(flight, error)
        for flight, became in self._flights.home():
            if isinstance(became, FilmRow):
                self._flights.tidy(flight, has_results=True)
                self._tell(became)
            else:
                self._heed(flight, became, faults.of_fetching)

    def _not_queued(self, flight: Flight, error: BaseException) -> None:
        if isinstance(error, ResourceExhausted) and passes(error):
            self._hold_off(error)
            self._flights.put_back(flight, first=True)
        else:
            self._heed(flight, error, faults.of_queueing)

    def _hold_off(self, error: PolycueClientError) -> None:
        """The server is full: its own word says until when nothing more is sent."""
        delay_s = error.retry_after_s or _LOOK_S
        if delay_s > _LONGEST_WAIT_S and not self._flights.there:
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
            self._flights.put_back(flight)

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
            self._flights.tidy(flight, has_results=False)
        self._tell(rows.failed(flight.film.address, error, flight.job))

    def _stop_at(self, flight: Flight, error: Exception) -> None:
        """No film will fare better. What the server has of this one it keeps."""
        self.fatal = self.fatal or error
        self._tell(rows.failed(flight.film.address, error, flight.job, state=rows.LEFT))

    # --- how far all have come ----------------------------------------------------------------

    def _look(self) -> None:
        if time.monotonic() - self._looked_s < _LOOK_S or self._is_over():
            return
        try:
            self._flights.look()
            self._unanswered = 0
        except TimedOut:
            self._unanswered += 1
            if self._unanswered >= _MOST_TRIES:
                raise
            return
        self._looked_s = time.monotonic()
        self._count()

    def _count(self) -> None:
        totals, flights = self._totals, self._flights
        totals.running, totals.sending = flights.running, flights.sending
        totals.waiting = flights.there - totals.running
        totals.at_work_ms = flights.heard_ms
        if not (totals.waiting or self._sieve.is_empty):
            self._ahead.ran_dry()
        self._show(totals)

    # --- the end ------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Let nothing unfinished go without a word. Whom a signal stops wants no job any more."""
        if isinstance(self.fatal, ServerUnreachable):
            self._desk.interrupt()  # who still waits for it need not
        self._flights.stop()
        self._hear()
        left = self._flights.left()
        if self._interruption.times:
            self._flights.cancel(left)
        error = self.fatal or CallCancelled("interrupted before its end")
        for flight in left:
            self._tell(rows.failed(flight.film.address, error, flight.job, state=rows.LEFT))
