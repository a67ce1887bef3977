import sqlite3
from pathlib import Path

import pytest

from polycue.domain.errors import StorageFull, StoreUnusable
from polycue.jobs.job import Job, new_id
from polycue.jobs.store.database import MIGRATIONS, Database
from polycue.jobs.store.sqlite import SqliteJobs


def test_jobs_are_there_after_the_file_was_closed_and_opened(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = Database(path)
    job = Job(id=new_id(), spec=b"s", created_ms=1, ttl_ms=1)
    SqliteJobs(database).create(job, max_queued=1, retry_after_s=1)
    database.close()
    again = Database(path)
    assert SqliteJobs(again).get(job.id).spec == b"s"
    again.close()


def test_it_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "jobs.sqlite")
    with database.transaction() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    database.close()


def test_a_damaged_file_is_refused_and_not_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(b"this is no database, but somebody may need it" * 100)
    with pytest.raises(StoreUnusable, match="not a database"):
        Database(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_file_with_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = Database(path)
    jobs = SqliteJobs(database)
    for _ in range(50):
        jobs.create(Job(new_id(), b"x" * 1000, 1, 1), max_queued=99, retry_after_s=1)
    database.close()
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xa5" * (4096 * 3)
    path.write_bytes(content)
    with pytest.raises(StoreUnusable):
        Database(path)


def test_a_file_from_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(StoreUnusable, match="newer release"):
        Database(path)


def test_a_full_disk_is_told_and_the_store_serves_on(tmp_path: Path) -> None:
    database = Database(tmp_path / "jobs.sqlite")
    jobs = SqliteJobs(database)
    with database.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StorageFull, match="job store"):
        jobs.create(Job(new_id(), b"x" * 100_000, 1, 1), max_queued=9, retry_after_s=1)
    assert not jobs.ids()
    jobs.create(Job(new_id(), b"x", 1, 1), max_queued=9, retry_after_s=1)
    assert len(jobs.ids()) == 1
    database.close()
