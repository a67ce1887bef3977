"""The seam between our SQL and a database.

The SQL is one text for all databases. Marks for values are written ``:name``. Of the functions in
it, every database has been given these: ``now_ms()`` is the time of day, ``steady_ms()`` the clock
that leases go by (in SQLite one that nobody sets, in PostgreSQL the database's own time of day),
``up_since_ms()`` when by it the database began to answer, ``label_of(labels, key)`` the value of a
label or NULL, and ``take_turn(what)`` holds up all others who say the same until the transaction
ends.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from polycue.jobs.outage import Outage
from polycue.jobs.timed import timed

Value = str | int | bytes | None
Row = Mapping[str, Any]

P = ParamSpec("P")
T = TypeVar("T")


class Session(Protocol):
    """A transaction, for the one thread that is in it."""

    def rows(self, sql: str, **values: Value) -> list[Row]: ...

    def row(self, sql: str, **values: Value) -> Row | None:
        """The first one, if any."""
        ...

    def run(self, sql: str, **values: Value) -> int:
        """How many rows it changed."""
        ...


class Database(Protocol):
    """Safe to use from several threads. ``kind`` is its name among metrics."""

    @property
    def kind(self) -> str: ...

    @property
    def shared(self) -> bool:
        """Whether other servers may use it too."""
        ...

    @property
    def outage(self) -> Outage:
        """Whether it answers."""
        ...

    def transact(self, work: Callable[[Session], T]) -> T:
        """Do ``work``, from the beginning if need be; what it wrote is kept unless it raises.

        Raises:
            StorageFull: the disk has no room left.
            StoreUnavailable: the database does not answer, and did not for a while.
            StoreUnusable: it cannot be read or written.
        """
        ...

    def close(self) -> None: ...


class _OnDatabase(Protocol):
    @property
    def _database(self) -> Database: ...


S = TypeVar("S", bound=_OnDatabase)


def in_transaction(
    method: Callable[Concatenate[S, Session, P], T],
) -> Callable[Concatenate[S, P], T]:
    """A method that is given a session of its own, and is one transaction; it is timed."""
    operation = method.__qualname__.removeprefix("Sql").lower()  # such as jobs.claim

    def transacted(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with timed(self._database.kind, operation):
            return self._database.transact(lambda db: method(self, db, *args, **kwargs))

    return functools.wraps(method)(transacted)
