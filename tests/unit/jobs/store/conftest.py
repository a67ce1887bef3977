"""Every promise of a store is kept by both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.session import Database
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.jobs.store.uploads import SqlUploads
from support.postgres import Cluster
from support.stores import up_for_long


@pytest.fixture(scope="session")
def kept_postgres(postgres: Cluster) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(postgres.new_database())
    up_for_long(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty one."""
    if request.param == "sqlite":
        sqlite = SqliteDatabase(tmp_path / "jobs.sqlite")
        yield sqlite
        sqlite.close()
        return
    kept: PostgresDatabase = request.getfixturevalue("kept_postgres")
    kept.transact(lambda db: db.run("TRUNCATE job, chunk, told, turn, media_use, upload"))
    yield kept


@pytest.fixture
def jobs(database: Database) -> SqlJobs:
    return SqlJobs(database)


@pytest.fixture
def uploads(database: Database) -> SqlUploads:
    return SqlUploads(database)
