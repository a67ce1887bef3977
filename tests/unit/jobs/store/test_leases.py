from dataclasses import replace

import pytest

from polycue.domain.errors import LeaseLost
from polycue.jobs.job import Job, JobState
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.protocol import Held, Lease
from polycue.testing.store import TENANT
from support.stores import LEASE_MS, MAX_ATTEMPTS, claim, make, poisoned, to, try_claim


def writes_nothing(jobs: SqlJobs, lease: Lease) -> bool:
    """Whether what a worker writes is refused, and leaves the store as it was."""
    before = jobs.get(TENANT, lease.job_id), jobs.chunks(lease.job_id, "transcribe")
    for write in (
        lambda: jobs.beat(lease),
        lambda: jobs.put_chunk(lease, "transcribe", 99, b"late"),
        lambda: jobs.begin_plan(lease, "another"),
        lambda: jobs.change(lease, lambda job: replace(job, language="xx")),
        lambda: jobs.end(lease, to(JobState.SUCCEEDED)),
    ):
        with pytest.raises(LeaseLost):
            write()
    return before == (jobs.get(TENANT, lease.job_id), jobs.chunks(lease.job_id, "transcribe"))


def test_the_oldest_waiting_job_is_claimed_first_and_once(jobs: SqlJobs) -> None:
    made = [make(jobs) for _ in range(2)]
    assert [claim(jobs)[0].id for _ in made] == [job.id for job in made]
    assert try_claim(jobs) is None
    job = jobs.get(TENANT, made[0].id)
    assert (job.state, job.owner, job.epoch, job.attempts) == (JobState.RUNNING, "one", 1, 1)
    assert job.started_ms


def test_a_job_whose_worker_died_is_taken_over_and_the_late_one_writes_nothing(
    jobs: SqlJobs,
) -> None:
    make(jobs)
    _, late = claim(jobs, "one", lease_ms=0)
    jobs.put_chunk(late, "transcribe", 0, b"kept")
    job, lease = claim(jobs, "two")
    assert (job.id, job.owner, job.epoch) == (late.job_id, "two", 2)
    assert writes_nothing(jobs, late)
    with pytest.raises(LeaseLost):
        jobs.release(late)
    assert jobs.chunks(job.id, "transcribe") == {0: b"kept"}
    assert jobs.end(lease, to(JobState.SUCCEEDED)).ended


def test_the_same_server_may_be_the_late_one(jobs: SqlJobs) -> None:
    make(jobs)
    _, late = claim(jobs, "one", lease_ms=0)
    claim(jobs, "one")
    assert writes_nothing(jobs, late)


def test_a_lease_that_ran_out_lives_on_where_nobody_took_the_job(jobs: SqlJobs) -> None:
    make(jobs)
    _, lease = claim(jobs, lease_ms=0)
    assert jobs.beat(replace(lease, length_ms=LEASE_MS)) is False
    assert try_claim(jobs, "two") is None


def test_a_kept_chunk_renews_the_lease(jobs: SqlJobs) -> None:
    make(jobs)
    _, lease = claim(jobs, lease_ms=0)
    jobs.put_chunk(replace(lease, length_ms=LEASE_MS), "transcribe", 0, b"x")
    assert try_claim(jobs, "two") is None


def test_a_job_that_is_let_go_goes_to_the_next_at_once_or_after_a_while(jobs: SqlJobs) -> None:
    make(jobs)
    _, lease = claim(jobs)
    job = jobs.release(lease, lambda job: replace(job, language="de", attempts=0))
    assert (job.state, job.language, job.attempts) == (JobState.INTERRUPTED, "de", 0)
    assert jobs.release(lease) == job  # once more
    assert writes_nothing(jobs, lease)
    again, lease = claim(jobs, "two")
    assert (again.started_ms, again.epoch) == (job.started_ms, 2)
    jobs.release(lease, after_ms=10**9)
    assert try_claim(jobs) is None


def test_a_job_that_is_let_go_after_it_was_told_to_stop_is_cancelled(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.ask_cancel(TENANT, job.id)
    over = jobs.release(lease)
    assert (over.state, bool(over.ended_ms)) == (JobState.CANCELLED, True)


def test_an_end_is_told_twice_and_kept_once(jobs: SqlJobs) -> None:
    make(jobs)
    _, lease = claim(jobs)
    ended = jobs.end(lease, to(JobState.FAILED))
    assert jobs.end(lease, to(JobState.SUCCEEDED)) == ended
    with pytest.raises(LeaseLost):
        jobs.change(lease, to(JobState.QUEUED))


def test_an_end_for_a_job_that_was_resumed_meanwhile_is_too_late(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.end(lease, to(JobState.FAILED))
    jobs.resume(TENANT, job.id, max_queued=1)
    with pytest.raises(LeaseLost):
        jobs.end(lease, to(JobState.FAILED))


def test_a_server_knows_what_it_works_on_and_what_to_stop(jobs: SqlJobs) -> None:
    for _ in range(3):
        make(jobs)
    first, second = claim(jobs, "one")[0], claim(jobs, "one")[0]
    claim(jobs, "two")
    jobs.ask_cancel(TENANT, second.id)
    assert jobs.held("one") == {first.id: Held(1, False), second.id: Held(1, True)}
    jobs.delete(TENANT, first.id)
    assert jobs.held("one") == {second.id: Held(1, True)}


def test_a_server_that_comes_back_lets_go_of_what_it_held(jobs: SqlJobs) -> None:
    mine, stopped, theirs = (make(jobs) for _ in range(3))
    _, lease = claim(jobs, "one")
    claim(jobs, "one")
    _, other = claim(jobs, "two")
    jobs.ask_cancel(TENANT, stopped.id)
    jobs.release_all_of("one")
    assert jobs.get(TENANT, mine.id).state is JobState.INTERRUPTED
    assert jobs.get(TENANT, stopped.id).state is JobState.CANCELLED
    assert writes_nothing(jobs, lease)
    if jobs.shared:
        assert jobs.beat(other) is False
    else:  # then nobody else can be alive
        assert jobs.get(TENANT, theirs.id).state is JobState.INTERRUPTED


def test_a_job_that_gets_nowhere_fails_and_no_other(jobs: SqlJobs) -> None:
    bad, good = make(jobs), make(jobs, tenant="rival")
    _, held = claim(jobs)  # the first tenant's
    jobs.put_chunk(held, "transcribe", 7, b"x")
    jobs.release(held, lambda job: replace(job, attempts=0))
    _, lease = claim(jobs, lease_ms=LEASE_MS)
    assert lease.job_id == good.id
    for attempt in range(MAX_ATTEMPTS):
        job, _ = claim(jobs, f"server {attempt}", lease_ms=0)
        assert (job.id, job.attempts) == (bad.id, attempt + 1)
    assert try_claim(jobs) is None
    (failed,) = jobs.sweep(max_attempts=MAX_ATTEMPTS, poisoned=poisoned)
    assert (failed.id, failed.state) == (bad.id, JobState.FAILED)
    assert failed.failure is not None
    assert failed.failure.message == "5 times after transcribe/7"
    assert jobs.get(TENANT, bad.id) == failed
    assert jobs.beat(lease) is False
    assert jobs.sweep(max_attempts=MAX_ATTEMPTS, poisoned=poisoned) == []


def test_a_job_that_gets_further_is_begun_as_often_as_it_takes(jobs: SqlJobs) -> None:
    make(jobs)
    for index in range(3 * MAX_ATTEMPTS):
        _, lease = claim(jobs, lease_ms=0)
        jobs.put_chunk(lease, "transcribe", index, b"x")
    job = jobs.get(TENANT, lease.job_id)
    assert (job.epoch, job.attempts, job.reached) == (15, 1, "transcribe/14")


def test_a_chunk_that_was_there_is_no_headway(jobs: SqlJobs) -> None:
    make(jobs)
    for _ in range(MAX_ATTEMPTS):
        _, lease = claim(jobs, lease_ms=0)
        jobs.put_chunk(lease, "transcribe", 0, b"x")
    assert jobs.get(TENANT, lease.job_id).attempts == MAX_ATTEMPTS


def test_a_job_whose_worker_died_when_it_was_to_stop_is_cancelled(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs, lease_ms=0)
    jobs.ask_cancel(TENANT, job.id)
    assert try_claim(jobs, "two") is None
    (over,) = jobs.sweep(max_attempts=MAX_ATTEMPTS, poisoned=poisoned)
    assert over.state is JobState.CANCELLED
    assert writes_nothing(jobs, lease)


def test_chunks_are_kept_once_each_by_stage_and_in_order(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    for index, data in ((2, b"two"), (0, b"\0zero"), (2, b"once more"), (10, b"")):
        jobs.put_chunk(lease, "transcribe", index, data)
    jobs.put_chunk(lease, "translate", 0, b"null")
    assert jobs.chunks(job.id, "transcribe") == {0: b"\0zero", 2: b"two", 10: b""}
    assert list(jobs.chunks(job.id, "transcribe")) == [0, 2, 10]
    assert jobs.chunks(job.id, "translate") == {0: b"null"}


def test_chunks_belong_to_a_plan(jobs: SqlJobs) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.begin_plan(lease, "small, beam 5")
    jobs.put_chunk(lease, "transcribe", 0, b"x")
    jobs.begin_plan(lease, "small, beam 5")
    assert jobs.chunks(job.id, "transcribe") == {0: b"x"}
    jobs.begin_plan(lease, "large, beam 5")
    assert jobs.chunks(job.id, "transcribe") == {}
    assert jobs.get(TENANT, job.id).reached == ""


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_chunks_go_when_nobody_can_want_them_any_more(jobs: SqlJobs, state: JobState) -> None:
    make(jobs)
    job, lease = claim(jobs)
    jobs.put_chunk(lease, "transcribe", 0, b"x")
    jobs.end(lease, to(state))
    assert bool(jobs.chunks(job.id, "transcribe")) is (state is JobState.FAILED)


def of(tenant: str, jobs: SqlJobs, count: int) -> list[Job]:
    return [make(jobs, tenant=tenant) for _ in range(count)]


def test_tenants_take_turns_however_many_jobs_one_has(jobs: SqlJobs) -> None:
    of("many", jobs, 6)
    of("few", jobs, 2)
    taken = []
    while claimed := try_claim(jobs):
        job, lease = claimed
        taken.append(job.tenant)
        jobs.end(lease, to(JobState.SUCCEEDED))
    assert taken == ["many", "few", "many", "few", "many", "many", "many", "many"]


def test_a_tenant_with_fewer_jobs_at_work_comes_first(jobs: SqlJobs) -> None:
    of("many", jobs, 3)
    taken = [claim(jobs)[0].tenant for _ in range(2)]
    of("few", jobs, 3)
    taken += [claim(jobs)[0].tenant for _ in range(4)]
    assert taken == ["many", "many", "few", "few", "many", "few"]


def test_jobs_of_the_dead_count_as_nobodys_work(jobs: SqlJobs) -> None:
    of("unlucky", jobs, 2)
    claim(jobs, lease_ms=0)
    of("other", jobs, 2)
    claim(jobs)  # the other's, for the unlucky one was served last
    job, _ = claim(jobs)
    assert job.tenant == "unlucky"
