import pytest

from polycue.domain.errors import LeaseLost
from polycue.jobs.clock import wall_clock
from polycue.jobs.job import JobState
from polycue.jobs.store.jobs import SqlJobs
from polycue.testing.store import TENANT
from support.stores import MAX_ATTEMPTS, claim, make, poisoned, to


def test_what_is_told_is_read_from_where_a_watcher_was(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    for number in (12, 3, 7):
        jobs.tell(lease, number, b"%d" % number, since=1)
    assert jobs.told(job.id, after=0) == [b"3", b"7", b"12"]
    assert jobs.told(job.id, after=7) == [b"12"]
    assert jobs.told("nowhere", after=0) == []


def test_what_an_earlier_attempt_told_gives_way_and_it_tells_no_more(jobs: SqlJobs) -> None:
    make(jobs)
    _, late = claim(jobs, "one", lease_ms=0)
    jobs.tell(late, 5, b"early", since=1)
    job, lease = claim(jobs, "two")
    jobs.tell(lease, 105, b"anew", since=100)
    with pytest.raises(LeaseLost):
        jobs.tell(late, 6, b"late", since=1)
    assert jobs.told(job.id, after=0) == [b"anew"]


@pytest.mark.parametrize("ended_ms_ago", [9 * 60_000, 11 * 60_000])
def test_what_was_told_goes_ten_minutes_after_the_end(jobs: SqlJobs, ended_ms_ago: int) -> None:
    make(jobs, ttl_ms=10**9)
    job, lease = claim(jobs)
    jobs.tell(lease, 5, b"x", since=1)
    jobs.end(lease, to(JobState.SUCCEEDED, now_ms=wall_clock() - ended_ms_ago))
    jobs.sweep(max_attempts=MAX_ATTEMPTS, poisoned=poisoned)
    assert bool(jobs.told(job.id, after=0)) is (ended_ms_ago < 10 * 60_000)


def test_what_was_told_goes_with_its_job(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.tell(lease, 5, b"x", since=1)
    jobs.delete(TENANT, job.id)
    assert jobs.told(job.id, after=0) == []
