import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from polycue.domain.errors import LeaseLost, StoreError, StoreUnavailable, StoreUnusable
from polycue.jobs.job import JobState
from polycue.jobs.outage import waiting_at_most
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.postgres_schema import MIGRATIONS
from polycue.jobs.store.session import Session
from polycue.testing.store import TENANT
from support.counted import Counted
from support.postgres import Cluster
from support.stores import claim, make, to, try_claim, up_for_long

WAIT_S = 60


@pytest.fixture
def url(postgres: Cluster) -> str:
    return postgres.new_database()


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(url)
    yield database
    database.close()


@pytest.fixture
def jobs(database: PostgresDatabase) -> SqlJobs:
    return SqlJobs(database)


def test_jobs_are_there_for_the_next_server(url: str, jobs: SqlJobs) -> None:
    job = make(jobs)
    again = PostgresDatabase(url)
    assert SqlJobs(again).get(TENANT, job.id) == job
    again.close()


def test_servers_that_start_together_make_the_tables_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        databases = list(pool.map(PostgresDatabase, [url] * 4))
    version = databases[0].transact(lambda db: db.rows("SELECT number FROM version"))
    assert [row["number"] for row in version] == list(range(1, len(MIGRATIONS) + 1))
    for database in databases:
        database.close()


def test_tables_of_a_newer_release_are_refused(url: str, database: PostgresDatabase) -> None:
    database.transact(lambda db: db.run("INSERT INTO version VALUES (999)"))
    with pytest.raises(StoreUnusable, match="newer release"):
        PostgresDatabase(url)


def test_a_server_that_starts_waits_for_no_job_of_another(
    database: PostgresDatabase, jobs: SqlJobs
) -> None:
    """It locked every job at work, and so stood in the way of those who worked on them."""
    mine, theirs = make(jobs), make(jobs)
    claim(jobs, "one")
    claim(jobs, "two")

    def release_meanwhile(db: Session) -> None:
        db.row("SELECT id FROM job WHERE id = :id FOR UPDATE", id=theirs.id)
        pool.submit(jobs.release_all_of, "one").result(WAIT_S)

    with ThreadPoolExecutor(1) as pool:
        database.transact(release_meanwhile)
    assert jobs.get(TENANT, mine.id).state is JobState.INTERRUPTED
    assert jobs.get(TENANT, theirs.id).state is JobState.RUNNING


def test_work_waits_for_a_server_that_restarts_and_is_kept_once(
    postgres: Cluster, jobs: SqlJobs
) -> None:
    counted = Counted()
    make(jobs)
    job, lease = claim(jobs)
    postgres.stop("immediate")  # as a crash
    with capture_logs() as logs, ThreadPoolExecutor(2) as pool:
        putting = pool.submit(jobs.put_chunk, lease, "transcribe", 0, b"heard with great effort")
        asking = pool.submit(jobs.get, TENANT, job.id)
        postgres.start()
        putting.result(WAIT_S)
        assert asking.result(WAIT_S).state is JobState.RUNNING
    assert jobs.chunks(job.id, "transcribe") == {0: b"heard with great effort"}
    assert jobs.end(lease, to(JobState.SUCCEEDED)).ended
    assert "secret" not in str(logs)
    assert counted("store_retries_total", store="postgresql") > 0
    assert counted("store_failures_total", store="postgresql", reason="unavailable") == 0


def test_work_waits_for_a_server_that_does_not_answer(postgres: Cluster, jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    postgres.freeze()
    with ThreadPoolExecutor(1) as pool:
        putting = pool.submit(jobs.put_chunk, lease, "transcribe", 0, b"x")
        with pytest.raises(TimeoutError):
            putting.result(0.1)
        postgres.thaw()
        putting.result(WAIT_S)
    assert jobs.chunks(job.id, "transcribe") == {0: b"x"}


def test_after_a_while_a_server_that_is_gone_is_told(postgres: Cluster, jobs: SqlJobs) -> None:
    make(jobs)
    postgres.stop()
    try:
        with waiting_at_most(0.2), pytest.raises(StoreUnavailable) as caught:
            make(jobs)
    finally:
        postgres.start()
    assert caught.value.retry_after_s > 0


def test_a_server_that_stops_waits_for_nothing(postgres: Cluster, url: str) -> None:
    database = PostgresDatabase(url)
    jobs, waits = SqlJobs(database), threading.Event()

    def ask() -> None:
        waits.set()
        jobs.ids()

    postgres.stop()
    try:
        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(ask)
            assert waits.wait(WAIT_S)
            database.close()
            with pytest.raises(StoreError):
                asking.result(WAIT_S)
    finally:
        postgres.start()


def test_a_lost_connection_under_way_begins_the_work_anew(
    database: PostgresDatabase, jobs: SqlJobs
) -> None:
    """The connection is cut once, from another one, when half of it is written."""
    make(jobs)
    job, lease = claim(jobs)
    cut: list[bool] = []

    def change(before: object) -> object:
        if not cut:
            cut.append(True)
            database.transact(
                lambda db: db.rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND state = 'idle in transaction'"
                )
            )
        return to(JobState.FAILED)(job)

    assert jobs.end(lease, change).ended  # type: ignore[arg-type]
    assert jobs.get(TENANT, job.id).state is JobState.FAILED


def test_after_a_restart_those_alive_have_the_time_to_say_so(
    postgres: Cluster, jobs: SqlJobs
) -> None:
    make(jobs)
    _, lease = claim(jobs, "one", lease_ms=0)  # it ran out while the database was away
    postgres.stop("immediate")
    postgres.start()
    assert try_claim(jobs, "two", lease_ms=60 * 60 * 1000) is None
    assert jobs.beat(lease) is False
    jobs.release(lease)
    claim(jobs, "two")  # nobody has to wait for a job that was let go


def test_two_replicas_fence_each_other_off(
    url: str, database: PostgresDatabase, jobs: SqlJobs
) -> None:
    up_for_long(database)
    other = PostgresDatabase(url)
    make(jobs)
    _, late = claim(jobs, "one", lease_ms=0)
    job, lease = claim(SqlJobs(other), "two")
    with pytest.raises(LeaseLost):
        jobs.put_chunk(late, "transcribe", 0, b"x")
    assert jobs.held("two").keys() == {job.id}
    jobs.ask_cancel(TENANT, job.id)
    assert SqlJobs(other).beat(lease) is True
    other.close()


@pytest.mark.parametrize(
    "wrong",
    [
        "postgres//polycue:hunter2@localhost/x",
        "host=localhost pasword=hunter2",
        "hunter2",
    ],
)
def test_a_malformed_url_is_told_without_its_secret(wrong: str) -> None:
    with pytest.raises(StoreUnusable, match="no connection string") as caught:
        PostgresDatabase(wrong)
    error: BaseException | None = caught.value
    while error:
        assert error is caught.value or error.__suppress_context__ or "hunter2" not in str(error)
        error = error.__cause__


def test_a_url_that_leads_nowhere_is_told_without_its_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logs, pytest.raises(StoreUnavailable) as caught:
        PostgresDatabase("postgresql://polycue:hunter2@/x?host=/nowhere", patience_s=0.1)
    told = f"{caught.value} {caught.value.__cause__} {logs} {caplog.text}"
    assert "/nowhere" in told
    assert "hunter2" not in told


def test_a_database_does_not_show_its_secret(database: PostgresDatabase) -> None:
    assert "secret" not in repr(database)


def test_servers_of_the_release_before_go_on_beside_new_ones() -> None:
    # docs/deploy.md promises it for a rollout: what they know of a table stays, what is new has a
    # default or is read by new ones alone.
    harmless = re.compile(
        r"\s*(ALTER TABLE \w+ ADD COLUMN \w+ \w+ NOT NULL DEFAULT \S+$|CREATE (VIEW|INDEX|TABLE) )"
    )
    for migration in MIGRATIONS[1:]:
        for statement in re.sub(r"--.*", "", migration).split(";"):
            if statement.strip():
                assert harmless.match(statement.rstrip()), statement
