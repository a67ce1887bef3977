from dataclasses import replace

import pytest

from polycue.domain.errors import QuotaExceeded
from polycue.domain.limits import TenantLimits
from polycue.jobs.job import Artifact, Job, JobState, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.protocol import Lease
from polycue.jobs.store.session import Database
from polycue.testing.store import TENANT
from support.stores import claim, make, poisoned, to

OVERHEAD_BYTES = 16 * 1024  # of each job
HOUR_MS = 60 * 60 * 1000


def ask(jobs: SqlJobs, limits: TenantLimits, spec: bytes = b"") -> Job:
    job = Job(new_id(), TENANT, spec, 1000, 500)
    return jobs.create(job, max_queued=99, limits=limits)


def decoded(jobs: SqlJobs, lease: Lease, media_ms: int) -> None:
    jobs.change(lease, lambda job: replace(job, media_ms=media_ms))


def test_a_tenants_jobs_that_wait_or_run_are_bounded(jobs: SqlJobs) -> None:
    limits = TenantLimits(max_jobs=2)
    make(jobs, tenant="rival")
    ask(jobs, limits)
    _, lease = claim(jobs)
    first = ask(jobs, limits)
    with pytest.raises(QuotaExceeded) as caught:
        ask(jobs, limits)
    error = caught.value
    assert (error.kind, error.used, error.limit) == ("jobs", 2, 2)
    assert error.retry_after_s > 0
    jobs.ask_cancel(TENANT, first.id)
    ask(jobs, limits)
    with pytest.raises(QuotaExceeded):
        jobs.resume(TENANT, first.id, max_queued=99, limits=limits)
    jobs.beat(lease)


def test_decoded_media_is_bounded_by_the_day_even_where_its_jobs_are_deleted(
    jobs: SqlJobs,
) -> None:
    limits = TenantLimits(max_day_media_ms=1000)
    for media_ms in (400, 599):
        ask(jobs, limits)
        job, lease = claim(jobs)
        decoded(jobs, lease, media_ms // 2)
        decoded(jobs, lease, media_ms)  # what counts is how much it got more
        jobs.end(lease, to(JobState.FAILED))
        jobs.delete(TENANT, job.id)
    make(jobs)
    _, lease = claim(jobs)
    decoded(jobs, lease, 1)
    with pytest.raises(QuotaExceeded) as caught:
        ask(jobs, limits)
    assert (caught.value.kind, caught.value.used, caught.value.unit) == (
        "media",
        1000,
        "ms in 24 hours",
    )
    assert 23 * 3600 <= caught.value.retry_after_s <= 24 * 3600
    make(jobs, tenant="rival")


def test_what_was_decoded_a_day_ago_is_forgotten(jobs: SqlJobs, database: Database) -> None:
    limits = TenantLimits(max_day_media_ms=1000)
    make(jobs)
    _, lease = claim(jobs)
    decoded(jobs, lease, 5000)
    with pytest.raises(QuotaExceeded):
        ask(jobs, limits)
    database.transact(lambda db: db.run("UPDATE media_use SET hour = hour - 24"))
    ask(jobs, limits)
    jobs.sweep(max_attempts=5, poisoned=poisoned)
    assert database.transact(lambda db: db.rows("SELECT * FROM media_use")) == []


def test_a_tenant_without_room_for_results_waits(jobs: SqlJobs) -> None:
    limits = TenantLimits(max_stored_bytes=500 + OVERHEAD_BYTES)
    ask(jobs, limits)
    job, lease = claim(jobs)
    result = Artifact("a.srt", "a.srt", "x/y", "en", 501, b"")
    failed = replace(to(JobState.FAILED)(job), artifacts=(result,))
    jobs.end(lease, lambda _: failed)
    with pytest.raises(QuotaExceeded) as caught:
        ask(jobs, limits)
    assert (caught.value.kind, caught.value.used) == ("storage", 501 + OVERHEAD_BYTES)
    assert "delete some, or try again" in str(caught.value)
    with pytest.raises(QuotaExceeded):
        jobs.resume(TENANT, job.id, max_queued=99, limits=limits)
    jobs.delete(TENANT, job.id)
    ask(jobs, limits)


def test_jobs_with_large_specs_run_into_the_quota(jobs: SqlJobs) -> None:
    spec = bytes(118_000)
    limits = TenantLimits(max_stored_bytes=3 * (len(spec) + OVERHEAD_BYTES))
    first, *_ = (ask(jobs, limits, spec) for _ in range(3))
    with pytest.raises(QuotaExceeded) as caught:
        ask(jobs, limits)
    assert (caught.value.kind, caught.value.used) == ("storage", limits.max_stored_bytes)
    make(jobs, tenant="rival")
    jobs.ask_cancel(TENANT, first.id)
    jobs.resume(TENANT, first.id, max_queued=99, limits=limits)  # it has its room already
    jobs.delete(TENANT, first.id)
    with pytest.raises(QuotaExceeded):
        ask(jobs, limits, spec + b"x")
    ask(jobs, limits, spec)
