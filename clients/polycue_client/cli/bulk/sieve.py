"""Takes films from a listing, and lets through those that want a job."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from polycue_client.cli.bulk import keys, rows
from polycue_client.cli.bulk.journal import Journal
from polycue_client.cli.bulk.listing import Passed
from polycue_client.cli.bulk.rows import FilmRow
from polycue_client.cli.bulk.standing import Standing, standing
from polycue_client.cli.bulk.trees import Entry, Film
from polycue_client.cli.bulk.work import Flight
from polycue_client.cli.display import name_of
from polycue_client.cli.results import Item

OLDER = "its subtitles are there, older than the film; -y replaces them"


class Sieve:
    """``item_of`` says what is wanted of a film; ``tell`` hears of those that are passed over."""

    def __init__(
        self,
        films: Iterator[Film | Passed],
        item_of: Callable[[Path], Item],
        journal: Journal,
        *,
        overwrite: bool,
        tell: Callable[[FilmRow], None],
    ) -> None:
        self._films, self._item_of, self._journal = films, item_of, journal
        self._overwrite, self._tell = overwrite, tell
        self._claimed: dict[str, str] = {}
        self.is_empty = False

    def __repr__(self) -> str:
        return f"Sieve({len(self._claimed)} films seen)"

    def next(self, *, wanted: Callable[[], bool]) -> Flight | None:
        """The next film that wants a job; None where there is none, or nobody wants it any more."""
        for found in self._films:
            if isinstance(found, Passed):
                self._tell(_passed(found))
            else:
                flight = Flight(found, self._item_of(Path(found.name)), keys.film_key(found))
                row = self.verdict(flight)
                if row is None:
                    return flight
                self._tell(row)
            if not wanted():
                return None
        self.is_empty = True
        return None

    def verdict(self, flight: Flight) -> FilmRow | None:
        """Why there is nothing to do for a film now, if so."""
        film, address = flight.film, flight.film.address
        rival = self._claimed.setdefault(film.shelf.address(flight.item.place.stem), address)
        if rival != address:
            return rows.skipped(address, f"would write the same files as {name_of(rival)}")
        try:
            there = film.glance.about(flight.item.place.stem)
        except OSError as error:
            return rows.failed(address, error)
        return self._standing(flight, there) or _unwritable(film)

    def _standing(self, flight: Flight, there: Mapping[str, Entry]) -> FilmRow | None:
        """What is there of its results already, if that is enough."""
        address, before = flight.film.address, self._done_before(flight, there)
        if self._overwrite:
            return before
        match standing(flight.item, there, flight.film.entry):
            case Standing.DONE:
                return before or rows.skipped(address, "its subtitles are there")
            case Standing.OLDER:
                return rows.skipped(address, OLDER)
        return None

    def _done_before(self, flight: Flight, there: Mapping[str, Entry]) -> FilmRow | None:
        """What the journal has of a film whose results are all still there."""
        row = self._journal.rows.get(flight.key)
        try:
            found = rows.again(flight.film.address, row) if row else None
        except (TypeError, KeyError):
            return None
        names = [output.rpartition("/")[2] for output in found.outputs] if found else []
        return found if names and all(name in there for name in names) else None


def _unwritable(film: Film) -> FilmRow | None:
    """Told before the work, not after it."""
    try:
        film.shelf.check_writable()
    except OSError as error:
        return rows.failed(film.address, error)
    return None


def _passed(found: Passed) -> FilmRow:
    if found.is_fault:
        return rows.failed(found.address, OSError(f"{found.address} {found.why}"))
    return rows.skipped(found.address, found.why)
