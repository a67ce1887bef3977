"""The PostgreSQL database that several servers share."""

import logging
import re
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from polycue import metrics, telemetry
from polycue.domain.errors import StorageFull, StoreUnavailable, StoreUnusable
from polycue.jobs import outage
from polycue.jobs.store.postgres_schema import MIGRATIONS
from polycue.jobs.store.session import Row, Session, Value

_PATIENCE_S = 60.0  # longer than a restart, or a partition of half a minute
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.05, 2.0
_CONNECTIONS = 16
_SCHEMA = "polycue"
# For a network that swallows what is sent: within 15 s we know that nobody is there any more. What
# a server that hangs holds, it loses after as long, so that the others go on.
_CONNECT: dict[str, Any] = {
    "application_name": "polycue",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_CONFIGURE = f"""
    SET search_path TO {_SCHEMA};
    SET statement_timeout TO '30s';
    SET lock_timeout TO '10s';
    SET idle_in_transaction_session_timeout TO '15s';
"""
# What passes too, and is no OperationalError: a session that was idle for too long, a server that
# has become a standby, and a pool that is empty.
_LOST = (errors.IdleInTransactionSessionTimeout, errors.ReadOnlySqlTransaction, PoolTimeout)

T = TypeVar("T")
_Connection = psycopg.Connection[DictRow]

log = telemetry.logger(__name__)
# What it warns of, a connection that was lost, is told here by whoever has to wait for one.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class PostgresDatabase:
    """A pool of connections; waits for a server that restarts.

    Times are the server's. Deciding by one row at a time, each transaction sees what was committed
    before each of its statements (READ COMMITTED).
    """

    kind, shared = "postgresql", True

    def __init__(self, url: str, *, patience_s: float = _PATIENCE_S) -> None:
        """Connect, and bring the tables up to date; servers that start together take turns.

        ``url`` is a libpq connection string, and a secret: no error, repr or log line has it.
        ``patience_s`` is how long a call waits for a database that does not answer.

        Raises:
            StoreUnusable: the URL is malformed, or the tables are newer than this release.
            StoreUnavailable: nobody answers there, or lets us in.
        """
        self._name, self._patience_s = _name_of(url), patience_s
        self.outage = outage.Outage()
        self._closed = threading.Event()
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            url,
            kwargs={**_CONNECT, "row_factory": dict_row},
            configure=_configure,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_LONGEST_DELAY_S,
            reconnect_timeout=_LONGEST_DELAY_S,  # how long to wait for it is decided in transact
            open=False,
        )
        self._patiently(lambda: self._prepare(url))
        self._pool.open()

    def __repr__(self) -> str:
        return f"PostgresDatabase({self._name})"

    def transact(self, work: Callable[[Session], T]) -> T:
        """See ``Database``. Where the connection breaks, ``work`` is done anew."""

        def once() -> T:
            with self._pool.connection() as connection:
                return work(_Session(connection))

        return self._patiently(once)

    def close(self) -> None:
        self._closed.set()
        self._pool.close()

    def _prepare(self, url: str) -> None:
        with psycopg.connect(url, row_factory=dict_row, **_CONNECT) as connection:
            _migrate(connection, self._name)

    def _patiently(self, work: Callable[[], T]) -> T:
        if self.outage.is_hopeless(self._patience_s):  # who waits for it finds it back
            raise StoreUnavailable(self.outage.problem)
        until_s, delay_s = time.monotonic() + outage.patience_s(self._patience_s), _FIRST_DELAY_S
        while True:
            try:
                answer = work()
            except errors.DiskFull as error:
                raise StorageFull("the job store") from error
            except (psycopg.OperationalError, *_LOST) as error:
                self.outage.failed(_problem(error))
                if time.monotonic() + delay_s > until_s:
                    raise StoreUnavailable(_problem(error)) from error
                if delay_s == _FIRST_DELAY_S:
                    log.warning("the database is waited for", problem=_problem(error))
                metrics.STORE_RETRIES.labels(self.kind).inc()
                if self._closed.wait(delay_s):
                    raise StoreUnavailable("this server stops") from error
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
            except psycopg.Error as error:
                raise StoreUnusable(self._name, _problem(error)) from error
            else:
                self.outage.answered()
                return answer


class _Session:
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, **values: Value) -> list[Row]:
        return list(self._execute(sql, values).fetchall())

    def row(self, sql: str, **values: Value) -> Row | None:
        return self._execute(sql, values).fetchone()

    def run(self, sql: str, **values: Value) -> int:
        return self._execute(sql, values).rowcount

    def _execute(self, sql: str, values: dict[str, Value]) -> psycopg.Cursor[DictRow]:
        return self._connection.execute(_with_their_marks(sql), values)


@lru_cache(maxsize=256)
def _with_their_marks(sql: str) -> bytes:
    """``:name`` as psycopg writes it."""
    return re.sub(r"(?<![:\w]):([a-z]\w*)", r"%(\1)s", sql.replace("%", "%%")).encode()


def _configure(connection: _Connection) -> None:
    connection.execute(_CONFIGURE)
    connection.commit()


def _migrate(connection: _Connection, name: str) -> None:
    connection.execute(f"SELECT pg_advisory_xact_lock(hashtext('{_SCHEMA}'))")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
    connection.execute(f"SET LOCAL search_path TO {_SCHEMA}")
    connection.execute("CREATE TABLE IF NOT EXISTS version (number integer NOT NULL)")
    row = connection.execute("SELECT coalesce(max(number), 0) AS number FROM version").fetchone()
    version = row["number"] if row else 0
    if version > len(MIGRATIONS):
        raise StoreUnusable(name, "written by a newer release of polycue")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute(script.encode())
        connection.execute("INSERT INTO version VALUES (%s)", (number,))


def _name_of(url: str) -> str:
    """Where the database is, without what lets us in."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        # Not from the error, which quotes what it does not understand.
        raise StoreUnusable("database_url", "is no connection string of PostgreSQL") from None
    return f"postgresql://{parts.get('host', '')}/{parts.get('dbname', '')}"


def _problem(error: Exception) -> str:
    """The first line of what the driver says; the rest quotes statements."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
