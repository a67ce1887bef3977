"""The SQLite file of a server that is on its own."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from polycue.domain.errors import StorageFull, StoreError, StoreUnavailable, StoreUnusable
from polycue.jobs.clock import Clock, wall_clock
from polycue.jobs.store.session import Row, Session, Value
from polycue.jobs.store.sqlite_schema import MIGRATIONS

_PATIENCE_S = 30

T = TypeVar("T")


class SqliteDatabase:
    """One connection that all threads take turns on.

    Writes are durable when their transaction ends (WAL, ``synchronous=FULL``: 2.7 ms each on a
    laptop's disk). The file must lie on a local disk: WAL does not work over NFS.
    """

    shared = False

    def __init__(
        self, path: Path | None, *, clock: Clock = wall_clock, patience_s: float = _PATIENCE_S
    ) -> None:
        """Open the file, made where it is missing, and bring its tables up to date.

        Without a path all is gone with the object. ``patience_s`` is how long to wait for another
        program that holds the file, a backup say.

        Raises:
            StoreUnusable: it is damaged or newer than this release. It is never made anew.
        """
        self._path, self._patience_s = path, patience_s
        self._lock = threading.Lock()
        try:
            # Autocommit: transactions begin and end where we say so, not where sqlite3 guesses.
            self._connection = sqlite3.connect(
                path or ":memory:",
                timeout=patience_s,
                isolation_level=None,
                check_same_thread=False,
            )
            self._open(clock)
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def __repr__(self) -> str:
        return f"SqliteDatabase({self._path})"

    def transact(self, work: Callable[[Session], T]) -> T:
        """See ``Database``."""
        if not self._lock.acquire(timeout=self._patience_s):
            raise StoreUnavailable("it is busy")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            done = work(_Session(self._connection))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._ours(error) from error
        else:
            return done
        finally:
            if self._connection.in_transaction:  # a full disk has rolled it back already
                self._connection.execute("ROLLBACK")
            self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _ours(self, error: sqlite3.Error) -> StoreError:
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # the rest tells kinds of a kind apart
            case sqlite3.SQLITE_FULL:
                return StorageFull("the job store")
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StoreUnavailable("another program holds its file")
        return StoreUnusable(str(self._path), str(error))

    def _open(self, clock: Clock) -> None:
        db = self._connection
        db.row_factory = _row
        for name, function in (("now_ms", clock), ("steady_ms", steady_clock(clock))):
            db.create_function(name, 0, function)
        db.create_function("label_of", 2, _label_of, deterministic=True)
        db.create_function("take_turn", 1, lambda _: None)  # every transaction here has its turn
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        found = db.execute("PRAGMA quick_check(1)").fetchone()["quick_check"]
        if found != "ok":
            raise StoreUnusable(str(self._path), f"damaged: {found}")
        self._migrate()

    def _migrate(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()["user_version"]
        if version > len(MIGRATIONS):
            raise StoreUnusable(str(self._path), "written by a newer release of polycue")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(
                f"BEGIN EXCLUSIVE; {script} PRAGMA user_version = {number}; COMMIT;"
            )


class _Session:
    """SQLite locks the whole file for a transaction; there are no rows to lock besides."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, **values: Value) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def row(self, sql: str, **values: Value) -> Row | None:
        found: Row | None = self._execute(sql, values).fetchone()
        return found

    def run(self, sql: str, **values: Value) -> int:
        return self._execute(sql, values).rowcount

    def _execute(self, sql: str, values: dict[str, Value]) -> sqlite3.Cursor:
        text, _, _ = sql.partition("FOR UPDATE")
        return self._connection.execute(text, values)


def steady_clock(clock: Clock) -> Clock:
    """The time as ``clock`` has it now, and from then on what has passed since.

    Nobody sets this one, and it stands still while the machine sleeps: leases neither run out nor
    last too long.
    """
    offset_ms = clock() - _monotonic_ms()
    return lambda: _monotonic_ms() + offset_ms


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _label_of(labels: str, key: str) -> str | None:
    value: str | None = json.loads(labels).get(key)
    return value


def _row(cursor: sqlite3.Cursor, values: tuple[Value, ...]) -> Row:
    return dict(zip((column for column, *_ in cursor.description), values, strict=True))
