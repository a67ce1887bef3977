"""The database that the settings choose."""

from polycue.config import Settings
from polycue.domain.errors import StoreUnusable
from polycue.jobs.clock import Clock
from polycue.jobs.folder import DataFolder
from polycue.jobs.store.session import Database
from polycue.jobs.store.sqlite import SqliteDatabase


def open_database(settings: Settings, folder: DataFolder, clock: Clock) -> Database:
    """PostgreSQL where a URL is given, else the file in the data folder.

    Raises:
        StoreUnusable: it is damaged, missing, newer than this release, or not what it should be.
        StoreUnavailable: it does not answer.
    """
    if settings.database_url:
        return _postgres(settings.database_url.get_secret_value())
    if not folder.database.exists() and folder.holds_files:
        problem = "missing, and uploads or results are there; put it back, or begin elsewhere"
        raise StoreUnusable(str(folder.database), problem)
    return SqliteDatabase(folder.database, clock=clock)


def _postgres(url: str) -> Database:
    try:
        from polycue.jobs.store.postgres import PostgresDatabase
    except ModuleNotFoundError as error:
        problem = "needs a library; get it with: pip install 'polycue[postgres]'"
        raise StoreUnusable("database_url", problem) from error
    return PostgresDatabase(url)
