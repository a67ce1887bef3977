"""Stores that are gone with the object, and otherwise the real ones."""

from polycue.jobs.clock import Clock, wall_clock
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.jobs.store.uploads import SqlUploads

TENANT = "acme"


class MemoryJobs(SqlJobs):
    """Jobs in SQLite without a file."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        super().__init__(SqliteDatabase(None, clock=clock))


class MemoryUploads(SqlUploads):
    """Uploads in SQLite without a file."""

    def __init__(self, clock: Clock = wall_clock) -> None:
        super().__init__(SqliteDatabase(None, clock=clock))
