"""Jobs for stores to keep, and the few steps that most tests of a store begin with."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from polycue.jobs.job import Failure, Job, JobState, move, new_id
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.protocol import JobStore, Lease
from polycue.testing.store import TENANT

LEASE_MS = 30_000
MAX_ATTEMPTS = 5


def make(store: JobStore, *, max_queued: int = 100, **fields: Any) -> Job:
    job = Job(new_id(), TENANT, spec=b"spec", created_ms=1000, ttl_ms=500)
    return store.create(replace(job, **fields), max_queued=max_queued)


def try_claim(
    store: JobStore, owner: str = "one", *, lease_ms: int = LEASE_MS
) -> tuple[Job, Lease] | None:
    """A lease of 0 ms has run out at once, as that of a worker that died has after a while."""
    return store.claim(owner, lease_ms=lease_ms, max_attempts=MAX_ATTEMPTS)


def claim(store: JobStore, owner: str = "one", *, lease_ms: int = LEASE_MS) -> tuple[Job, Lease]:
    claimed = try_claim(store, owner, lease_ms=lease_ms)
    assert claimed is not None
    return claimed


def up_for_long(database: PostgresDatabase) -> None:
    """As if its server had not just been started, so that leases run out as they do later."""
    database.transact(
        lambda db: db.run(
            "CREATE OR REPLACE FUNCTION up_since_ms() RETURNS bigint STABLE LANGUAGE sql"
            " AS 'SELECT 0::bigint'"
        )
    )


def to(state: JobState, now_ms: int = 2000) -> Callable[[Job], Job]:
    return lambda job: move(job, state, now_ms=now_ms)


def poisoned(job: Job) -> Failure:
    return Failure(10, "POISON_JOB", f"{job.attempts} times after {job.reached}")
