"""The SQLite file of a server that is on its own."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from polycue.domain.errors import StorageFull, StoreError, StoreUnavailable, StoreUnusable
from polycue.jobs import outage
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

    kind, shared = "sqlite", False

    def __init__(
        self, path: Path | None, *, clock: Clock = wall_clock, patience_s: float = _PATIENCE_S
    ) -> None:
        """Open the file, made where it is missing, and bring its tables up to date.

        Without a path all is gone with the object. ``patience_s`` is how long to wait for another
        program that holds the file, a backup say.

        Raises:
            StoreUnusable: it is damaged or newer than this release. It is never made anew.
            StoreUnavailable: another program holds it.
        """
        if path is not None and not path.exists():
            _make(path)
        self._name, self._patience_s = str(path or ":memory:"), patience_s
        self._lock = threading.Lock()
        self.outage = outage.Outage()
        # Autocommit: transactions begin and end where we say so, not where sqlite3 guesses.
        self._connection = sqlite3.connect(
            self._name, timeout=patience_s, isolation_level=None, check_same_thread=False
        )
        self._connection.row_factory = _row
        try:
            if path is not None:
                self._check(path)
            self._set_up(clock)
            self._migrate()
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                raise self._ours(error) from error
            raise

    def __repr__(self) -> str:
        return f"SqliteDatabase({self._name})"

    def transact(self, work: Callable[[Session], T]) -> T:
        """See ``Database``."""
        waits_s = outage.patience_s(self._patience_s)
        if not self._lock.acquire(timeout=waits_s):
            raise StoreUnavailable("it is busy")
        try:
            self._connection.execute(f"PRAGMA busy_timeout = {round(waits_s * 1000)}")
            self._connection.execute("BEGIN IMMEDIATE")
            done = work(_Session(self._connection))
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._ours(error) from error
        else:
            self.outage.answered()
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
                self.outage.failed("another program holds its file")
                return StoreUnavailable(self.outage.problem)
        return StoreUnusable(self._name, str(error))

    def _set_up(self, clock: Clock) -> None:
        db = self._connection
        for name, function in (("now_ms", clock), ("steady_ms", steady_clock(clock))):
            db.create_function(name, 0, function)
        db.create_function("up_since_ms", 0, lambda: 0)  # it is not away while we are here
        db.create_function("label_of", 2, _label_of, deterministic=True)
        db.create_function("take_turn", 1, lambda _: None)  # every transaction here has its turn
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")

    def _check(self, path: Path) -> None:
        found = self._pragma("quick_check")
        # SQLite reads zeros where the last page ends early; right only after a crash, by its log.
        if path.stat().st_size % int(self._pragma("page_size")) and not _has_log(path):
            found = "cut short"
        if found != "ok":
            raise StoreUnusable(self._name, f"damaged: {found}")
        if self._pragma("user_version") == 0:  # not even cut short while it was made: see _make
            raise StoreUnusable(self._name, "emptied, or no database of polycue's")

    def _migrate(self) -> None:
        version = int(self._pragma("user_version"))
        if version > len(MIGRATIONS):
            raise StoreUnusable(self._name, "written by a newer release of polycue")
        _migrate(self._connection, from_version=version)

    def _pragma(self, name: str) -> str | int:
        value: str | int = self._connection.execute(f"PRAGMA {name}").fetchone()[name]
        return value


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


def _has_log(path: Path) -> bool:
    """Whether there is something in the file's write-ahead log."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _make(path: Path) -> None:
    """Make the file under another name first: one of this name that holds nothing is damaged."""
    if _has_log(path):
        raise StoreUnusable(str(path), "missing, and its -wal is there; put back what was removed")
    new = path.with_name(f"{path.name}.new")
    for left in path.parent.glob(f"{new.name}*"):  # a journal too would be played back
        left.unlink()
    try:
        connection = sqlite3.connect(new, isolation_level=None)
        try:
            _migrate(connection, from_version=0)
        finally:
            connection.close()
        new.rename(path)
    except (sqlite3.Error, OSError) as error:
        raise StoreUnusable(str(path), str(error)) from error


def _migrate(connection: sqlite3.Connection, *, from_version: int) -> None:
    for number, script in enumerate(MIGRATIONS[from_version:], start=from_version + 1):
        connection.executescript(
            f"BEGIN EXCLUSIVE; {script} PRAGMA user_version = {number}; COMMIT;"
        )


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
