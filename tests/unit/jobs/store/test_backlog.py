"""What is still to be done, for metrics and for whoever starts servers as it grows."""

from dataclasses import replace

import psycopg
import pytest
from psycopg import errors

from polycue.jobs.job import JobState
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.protocol import JobStore
from polycue.testing.clock import ManualClock
from polycue.testing.store import TENANT, MemoryJobs
from support.postgres import Cluster
from support.stores import claim, make, to

MINUTE_MS = 60_000


def finished(jobs: JobStore, length_ms: int) -> None:
    make(jobs, length_ms=length_ms)
    _, lease = claim(jobs)
    jobs.end(lease, to(JobState.SUCCEEDED))


def test_a_job_counts_with_what_nobody_has_decoded_of_it_yet(jobs: SqlJobs) -> None:
    make(jobs, length_ms=20 * MINUTE_MS)
    make(jobs, length_ms=30 * MINUTE_MS)
    _, lease = claim(jobs)
    jobs.change(lease, lambda job: replace(job, media_ms=5 * MINUTE_MS))
    backlog = jobs.backlog()
    assert backlog[JobState.RUNNING].audio_ms == 15 * MINUTE_MS
    assert backlog[JobState.QUEUED].audio_ms == 30 * MINUTE_MS
    jobs.change(lease, lambda job: replace(job, media_ms=21 * MINUTE_MS))  # more than was promised
    assert jobs.backlog()[JobState.RUNNING].audio_ms == 0


def test_one_whose_length_nobody_knows_counts_as_those_before_it(jobs: SqlJobs) -> None:
    first = make(jobs)
    assert jobs.backlog()[JobState.QUEUED].audio_ms == 10 * MINUTE_MS
    jobs.delete(TENANT, first.id)
    finished(jobs, 40 * MINUTE_MS)
    finished(jobs, 80 * MINUTE_MS)
    finished(jobs, 0)  # it listened to nothing
    make(jobs)
    assert jobs.backlog()[JobState.QUEUED].audio_ms == 60 * MINUTE_MS


def test_jobs_that_ended_are_no_backlog(jobs: SqlJobs) -> None:
    finished(jobs, MINUTE_MS)
    assert jobs.backlog() == {}


def test_a_job_tells_for_how_long_it_has_waited_and_whoever_takes_it_how_long_it_did() -> None:
    clock = ManualClock()
    jobs = MemoryJobs(clock)
    make(jobs)
    clock.advance(4000)
    make(jobs)
    clock.advance(3000)
    assert jobs.backlog()[JobState.QUEUED].oldest_ms == 7000
    _, lease = claim(jobs)
    assert lease.waited_ms == 7000
    clock.advance(60_000)
    jobs.release(lease, after_ms=0)
    assert jobs.backlog()[JobState.INTERRUPTED].oldest_ms == 0  # not as long as it was worked on
    clock.advance(500)
    assert claim(jobs)[1].waited_ms == 500


def test_one_that_is_queued_once_more_waits_from_then_on() -> None:
    clock = ManualClock()
    jobs = MemoryJobs(clock)
    job = make(jobs)
    jobs.ask_cancel(TENANT, job.id)
    clock.advance(90_000)
    jobs.resume(TENANT, job.id, max_queued=1)
    clock.advance(100)
    assert jobs.backlog()[JobState.QUEUED].oldest_ms == 100


def test_an_autoscaler_sees_the_backlog_and_nothing_else(postgres: Cluster) -> None:
    url = postgres.new_database()
    database = PostgresDatabase(url)
    try:
        make(SqlJobs(database), length_ms=90_000)
        make(SqlJobs(database), length_ms=30_000)
        claim(SqlJobs(database))
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("CREATE ROLE autoscaler")
            admin.execute("GRANT USAGE ON SCHEMA polycue TO autoscaler")
            admin.execute("GRANT SELECT ON polycue.backlog TO autoscaler")
            admin.execute("SET ROLE autoscaler")
            row = admin.execute(
                "SELECT coalesce(sum(audio_ms), 0) / 1000 FROM polycue.backlog"
                " WHERE state <> 'cancelling'"
            ).fetchone()
            assert row is not None
            assert row[0] == 120
            with pytest.raises(errors.InsufficientPrivilege):
                admin.execute("SELECT spec FROM polycue.job")
            admin.execute("RESET ROLE")
            admin.execute("REVOKE ALL ON polycue.backlog FROM autoscaler")
            admin.execute("REVOKE ALL ON SCHEMA polycue FROM autoscaler")
            admin.execute("DROP ROLE autoscaler")
    finally:
        database.close()
