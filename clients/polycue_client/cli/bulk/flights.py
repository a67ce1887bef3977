"""Where each film of a run is: on its way to the server, there, on its way home, or put back."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from polycue.api.v1 import jobs_pb2
from polycue_client.cli.bulk.rows import FilmRow
from polycue_client.cli.bulk.work import Desk, Flight

_SENDERS, _FETCHERS = 4, 4


class Flights:
    """For the one thread that decides; the ways there and back are made in others."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queueing: dict[Future[jobs_pb2.Job], Flight] = {}
        self._there: dict[str, Flight] = {}
        self._fetching: dict[Future[FilmRow | None], Flight] = {}
        self._put_back: deque[Flight] = deque()
        self._threads = ExitStack()

    def __repr__(self) -> str:
        return f"Flights({self.sending} on their way, {len(self._there)} there)"

    def __enter__(self) -> Self:
        self._senders = self._threads.enter_context(ThreadPoolExecutor(_SENDERS, "bulk-send"))
        self._fetchers = self._threads.enter_context(ThreadPoolExecutor(_FETCHERS, "bulk-fetch"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._threads.close()

    def __len__(self) -> int:
        return len(self._queueing) + len(self._there) + len(self._fetching) + len(self._put_back)

    @property
    def there(self) -> int:
        return len(self._there)

    @property
    def sending(self) -> int:
        return len(self._queueing)

    @property
    def running(self) -> int:
        return sum(flight.is_running for flight in self._there.values())

    @property
    def heard_ms(self) -> int:
        return sum(flight.heard_ms for flight in self._there.values())

    @property
    def room_to_send(self) -> int:
        """Two for each sender are enough to keep all of them sending."""
        return 2 * _SENDERS - self.sending

    def queue(self, flight: Flight) -> None:
        self._queueing[self._senders.submit(self._desk.queue, flight)] = flight

    def put_back(self, flight: Flight, *, first: bool = False) -> None:
        """It is to be queued again."""
        if first:
            self._put_back.appendleft(flight)
        else:
            self._put_back.append(flight)

    def take_back(self) -> Flight | None:
        """The first of those that were put back."""
        return self._put_back.popleft() if self._put_back else None

    def tidy(self, flight: Flight, *, has_results: bool) -> None:
        threads = self._fetchers if has_results else self._senders
        threads.submit(self._desk.tidy, flight, has_results=has_results)

    def wait(self, longest_s: float) -> bool:
        """Until one has come somewhere; False at once where none is on its way."""
        under_way = self._under_way()
        wait(under_way, longest_s, FIRST_COMPLETED)
        return bool(under_way)

    def not_queued(self) -> Iterator[tuple[Flight, BaseException]]:
        """Those that did not get there, and why; those that did are there now."""
        for queued in [future for future in self._queueing if future.done()]:
            flight = self._queueing.pop(queued)
            if queued.cancelled():
                self._put_back.append(flight)
            elif error := queued.exception():
                yield flight, error
            else:
                flight.see(queued.result())
                self._there[flight.job] = flight

    def home(self) -> Iterator[tuple[Flight, FilmRow | BaseException]]:
        """Those that are back, with what became of them; whose job has not ended is there again."""
        for fetched in [future for future in self._fetching if future.done()]:
            flight = self._fetching.pop(fetched)
            if fetched.cancelled():
                self._there[flight.job] = flight
            elif became := fetched.exception() or fetched.result():
                yield flight, became
            else:
                self._there[flight.job] = flight

    def look(self) -> None:
        """See how far all have come, and fetch those that have ended.

        Raises:
            PolycueClientError: the server does not say.
        """
        unended: Mapping[str, jobs_pb2.Job] = self._desk.unended() if self._there else {}
        for name in list(self._there):
            if job := unended.get(name):
                self._there[name].see(job)
            else:
                flight = self._there.pop(name)
                self._fetching[self._fetchers.submit(self._desk.collect, flight)] = flight

    def stop(self) -> None:
        """Let no other way begin, and each that has begun come to its end."""
        under_way = self._under_way()
        for future in under_way:
            future.cancel()
        wait(under_way)

    def left(self) -> list[Flight]:
        return [*self._there.values(), *self._put_back]

    def cancel(self, flights: Iterable[Flight]) -> None:
        """Nobody wants their jobs any more."""
        wait([self._senders.submit(self._desk.cancel, each) for each in flights if each.job])

    def _under_way(self) -> list[Future[Any]]:
        return [*self._queueing, *self._fetching]
