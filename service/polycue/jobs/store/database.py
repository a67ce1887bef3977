"""The SQLite file under both stores: opened, migrated, and one transaction at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polycue.domain.errors import StorageFull, StoreUnusable

# One entry takes the file from one version to the next; entries are never edited once released.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE job (
        number       INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: page tokens hold it
        id           TEXT NOT NULL UNIQUE,
        request_id   TEXT UNIQUE,
        fingerprint  TEXT NOT NULL,
        state        TEXT NOT NULL,
        labels       TEXT NOT NULL,  -- JSON object
        inputs       TEXT NOT NULL,  -- JSON array
        spec         BLOB NOT NULL,
        created_ms   INTEGER NOT NULL,
        started_ms   INTEGER,
        ended_ms     INTEGER,
        expires_ms   INTEGER,
        ttl_ms       INTEGER NOT NULL,
        language     TEXT NOT NULL,
        stages       TEXT NOT NULL,  -- JSON, as are the next three
        notices      TEXT NOT NULL,
        artifacts    TEXT NOT NULL,
        failure      TEXT
    ) STRICT;
    CREATE INDEX job_by_state ON job (state, number);
    CREATE INDEX job_by_expiry ON job (expires_ms) WHERE expires_ms IS NOT NULL;
    CREATE TABLE upload (
        id               TEXT PRIMARY KEY,
        request_id       TEXT UNIQUE,
        fingerprint      TEXT NOT NULL,
        filename         TEXT NOT NULL,
        size_bytes       INTEGER NOT NULL,
        committed_bytes  INTEGER NOT NULL,
        sha256           BLOB NOT NULL,
        complete         INTEGER NOT NULL,
        ttl_ms           INTEGER NOT NULL,
        expires_ms       INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX upload_by_expiry ON upload (expires_ms);
    """,
    """
    ALTER TABLE upload ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local';
    ALTER TABLE upload ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';  -- JSON
    """,
)


class Database:
    """One connection that all threads take turns on.

    Writes are durable when their transaction ends (WAL, ``synchronous=FULL``: 2.7 ms each on a
    laptop's disk). The file must lie on a local disk: WAL does not work over NFS.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, made where it is missing, and bring its tables up to date.

        Raises:
            StoreUnusable: it is damaged or newer than this release. It is never made anew.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            # Autocommit: transactions begin and end where we say so, not where sqlite3 guesses.
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.row_factory = sqlite3.Row
            self._open()
        except sqlite3.Error as error:
            raise StoreUnusable(path, str(error)) from error

    def __repr__(self) -> str:
        return f"Database({self._path})"

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection; what was written is kept if the block ends without an exception.

        Raises:
            StorageFull: the disk has no room left.
            StoreUnusable: the file cannot be read or written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:  # a full disk has rolled it back already
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise self._ours(error) from error
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _ours(self, error: sqlite3.Error) -> StorageFull | StoreUnusable:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return StorageFull("the job store")
        return StoreUnusable(self._path, str(error))

    def _open(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise StoreUnusable(self._path, f"damaged: {found}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreUnusable(self._path, "written by a newer release of polycue")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(
                f"BEGIN EXCLUSIVE; {script} PRAGMA user_version = {number}; COMMIT;"
            )
