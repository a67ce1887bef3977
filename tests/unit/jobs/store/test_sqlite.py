import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import StorageFull, StoreUnavailable, StoreUnusable
from polycue.jobs.job import Job, JobState, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.jobs.store.sqlite_schema import MIGRATIONS
from polycue.jobs.store.uploads import SqlUploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import TENANT
from support.stores import claim, make, try_claim


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


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "jobs.sqlite"
    database = SqliteDatabase(path)
    for _ in range(10):
        make(SqlJobs(database), spec=b"x" * 1000)
    database.close()
    return path


@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_anywhere_is_refused_and_left_as_it_is(
    whole_file: Path, share: float
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.sqlite"
        whole = whole_file.read_bytes()
        path.write_bytes(cut := whole[: int(share * len(whole))])
        with pytest.raises(StoreUnusable):
            SqliteDatabase(path)
        assert path.read_bytes() == cut


def test_a_file_that_went_without_its_log_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    database = SqliteDatabase(path)
    make(SqlJobs(database))
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(StoreUnusable, match="put back"):
        SqliteDatabase(path)
    assert not path.exists()
    database.close()


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE job (id)")
    connection.close()
    with pytest.raises(StoreUnusable, match="no database of polycue"):
        SqliteDatabase(path)


def test_a_file_that_was_never_finished_is_begun_again(tmp_path: Path) -> None:
    for name in ("jobs.sqlite.new", "jobs.sqlite.new-journal"):
        (tmp_path / name).write_bytes(b"a crash while it was made")
    SqliteDatabase(tmp_path / "jobs.sqlite").close()
    assert [path.name for path in tmp_path.iterdir()] == ["jobs.sqlite"]


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """The file as another program holds it while it writes."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def test_a_file_that_another_program_holds_is_waited_for(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "jobs.sqlite")
    with held(tmp_path / "jobs.sqlite") as other, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(make, SqlJobs(database))
        with pytest.raises(TimeoutError):
            waiting.result(0.05)
        other.execute("ROLLBACK")
        assert waiting.result(60).number == 1
    database.close()


def test_a_file_that_another_program_holds_for_long_is_told(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "jobs.sqlite", patience_s=0.05)
    jobs = SqlJobs(database)
    with held(tmp_path / "jobs.sqlite"), pytest.raises(StoreUnavailable) as caught:
        make(jobs)
    assert caught.value.retry_after_s > 0
    assert make(jobs).number == 1
    database.close()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_ends_no_lease_and_lengthens_none(tmp_path: Path, hours: int) -> None:
    clock = ManualClock()
    database = SqliteDatabase(tmp_path / "jobs.sqlite", clock=clock)
    jobs = SqlJobs(database)
    for _ in range(2):
        make(jobs)
    _, lease = claim(jobs, "one")
    claim(jobs, "one", lease_ms=0)
    clock.advance(hours * 60 * 60 * 1000)
    job, _ = claim(jobs, "two")
    assert job.id != lease.job_id
    assert try_claim(jobs, "two") is None
    assert jobs.beat(lease) is False
    database.close()


V1 = f"BEGIN; {MIGRATIONS[0]} PRAGMA user_version = 1; COMMIT;"
V1_JOB = """
    INSERT INTO job (id, request_id, fingerprint, state, labels, inputs, spec, created_ms,
        started_ms, ended_ms, expires_ms, ttl_ms, language, stages, notices, artifacts, failure)
    VALUES (:id, :request_id, 'f', :state, '{"film": "x"}', '["uploads/u"]', x'00ff', 1,
        2, :ended_ms, :ended_ms, 5, 'en', '[]', '[]', :artifacts, :failure)
"""
V1_ARTIFACT = (
    '[{"id": "a", "filename": "a", "mime_type": "m", "language": "en", "size_bytes": 7,'
    ' "sha256": "00"}]'
)
V1_FAILURE = '{"code": 14, "reason": "JOB_INTERRUPTED", "message": "m", "facts": {}}'


def test_a_file_of_the_first_release_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(V1)
    for state in ("queued", "running", "cancelling", "interrupted", "succeeded"):
        ended = state in {"interrupted", "succeeded"}
        connection.execute(
            V1_JOB,
            {
                "id": state,
                "request_id": state if ended else None,
                "state": state,
                "ended_ms": 3 if ended else None,
                "artifacts": V1_ARTIFACT if state == "succeeded" else "[]",
                "failure": V1_FAILURE if state == "interrupted" else None,
            },
        )
    connection.execute(
        "INSERT INTO job SELECT 99, 'newest', NULL, * FROM (SELECT fingerprint,"
        " state, labels, inputs, spec, created_ms, started_ms, ended_ms, expires_ms, ttl_ms,"
        " language, stages, notices, artifacts, failure FROM job LIMIT 1)"
    )
    connection.execute("DELETE FROM job WHERE id = 'newest'")
    connection.execute(
        "INSERT INTO upload VALUES ('u', 'r', 'f', 'a.mkv', 10, 4, x'', 0, 5, 9999999999999)"
    )
    connection.commit()
    connection.close()

    database = SqliteDatabase(path)
    jobs, uploads = SqlJobs(database), SqlUploads(database)
    upload = uploads.get("local", "u")
    assert (upload.committed_bytes, upload.request_id, upload.parts) == (4, "r", ())
    done = jobs.repeated("local", "succeeded", "f")
    assert done
    assert (done.number, done.spec, done.labels, done.kept_bytes) == (
        5,
        b"\0\xff",
        {"film": "x"},
        2 + 7,
    )
    kept = database.transact(lambda db: db.rows("SELECT kept_bytes FROM job ORDER BY number"))
    assert [row["kept_bytes"] for row in kept] == [2, 2, 2, 2, 2 + 7]
    over = jobs.get("local", "interrupted")
    assert (over.state, over.failure and over.failure.reason) == ("failed", "JOB_INTERRUPTED")

    jobs.release_all_of("this server")
    assert jobs.get("local", "cancelling").state is JobState.CANCELLED
    assert [claim(jobs)[0].id for _ in range(2)] == ["queued", "running"]
    assert make(jobs, tenant="local").number == 100  # no number is given twice
    database.close()
