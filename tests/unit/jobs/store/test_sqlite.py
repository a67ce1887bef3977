import sqlite3
from pathlib import Path

import pytest

from polycue.domain.errors import StorageFull, StoreUnusable
from polycue.jobs.job import Job, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.jobs.store.sqlite_schema import MIGRATIONS
from polycue.testing.store import TENANT


def test_jobs_are_there_after_the_file_was_closed_and_opened(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = SqliteDatabase(path)
    job = Job(id=new_id(), tenant=TENANT, spec=b"s", created_ms=1, ttl_ms=1)
    SqlJobs(database).create(job, max_queued=1)
    database.close()
    again = SqliteDatabase(path)
    assert SqlJobs(again).get(TENANT, job.id).spec == b"s"
    again.close()


def test_it_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "jobs.sqlite")
    told = {"journal_mode": "wal", "synchronous": 2, "user_version": len(MIGRATIONS)}  # 2: FULL
    for name, value in told.items():
        assert database.transact(lambda db: db.row(f"PRAGMA {name}")) == {name: value}  # noqa: B023
    database.close()


def test_a_damaged_file_is_refused_and_not_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"this is no database, but somebody may need it" * 100)
    with pytest.raises(StoreUnusable, match="not a database"):
        SqliteDatabase(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_file_with_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = SqliteDatabase(path)
    jobs = SqlJobs(database)
    for _ in range(50):
        jobs.create(Job(new_id(), TENANT, b"x" * 1000, 1, 1), max_queued=99)
    database.close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xa5" * (4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StoreUnusable):
        SqliteDatabase(path)


def test_a_file_from_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    SqliteDatabase(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreUnusable, match="newer release"):
        SqliteDatabase(path)


def test_a_full_disk_is_told_and_the_store_serves_on(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "jobs.sqlite")
    jobs = SqlJobs(database)
    pages = database.transact(lambda db: db.row("PRAGMA page_count"))
    assert pages
    database.transact(lambda db: db.run(f"PRAGMA max_page_count = {pages['page_count'] + 1}"))
    with pytest.raises(StorageFull, match="job store"):
        jobs.create(Job(new_id(), TENANT, b"x" * 100_000, 1, 1), max_queued=9)
    assert not jobs.ids()
    jobs.create(Job(new_id(), TENANT, b"x", 1, 1), max_queued=9)
    assert len(jobs.ids()) == 1
    database.close()
