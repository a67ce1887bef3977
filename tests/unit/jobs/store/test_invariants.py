"""Any interleaving of callers, workers and deaths, held against a model of what must be true."""

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from polycue.domain.errors import JobNotResumable, LeaseLost
from polycue.jobs.job import JobState
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.protocol import Lease
from polycue.jobs.store.session import Database, Session
from support.stores import LEASE_MS, MAX_ATTEMPTS, make, poisoned, to

OWNERS = ("one", "two", "three")
STAGE = "transcribe"
AT_WORK = {JobState.RUNNING, JobState.CANCELLING}
LET_GO_FROM = {
    JobState.RUNNING: JobState.INTERRUPTED,
    JobState.CANCELLING: JobState.CANCELLED,
}
LET_GO = set(LET_GO_FROM.values())
UNENDED = {state for state in JobState if not state.ended}


@dataclass
class Known:
    """What must be so of a job."""

    number: int
    tenant: str
    state: JobState = JobState.QUEUED
    epoch: int = 0
    attempts: int = 0
    lease: Lease | None = None  # that somebody works under, ended it or let it go
    chunks: dict[int, bytes] = field(default_factory=dict)

    @property
    def at_work(self) -> bool:
        """Whether somebody alive works on it: leases here last for good, or not at all."""
        return self.state in AT_WORK and bool(self.lease and self.lease.length_ms)

    @property
    def free(self) -> bool:
        return self.attempts < MAX_ATTEMPTS and (
            self.state in {JobState.QUEUED, JobState.INTERRUPTED}
            or (self.state is JobState.RUNNING and not self.at_work)
        )

    @property
    def abandoned(self) -> bool:
        lost = self.state in AT_WORK | {JobState.INTERRUPTED} and not self.at_work
        cancelled = self.state is JobState.CANCELLING
        return lost and (cancelled or self.attempts >= MAX_ATTEMPTS)


class Interleavings(RuleBasedStateMachine):
    """Jobs are picked by a number from 0 to 1, leases too, so that old ones come as well."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database, self.jobs = database, SqlJobs(database)
        self.known: dict[str, Known] = {}
        self.leases: list[Lease] = []
        self.served: dict[str, int] = defaultdict(int)
        self.turns = itertools.count(1)

    @initialize()
    def begin_empty(self) -> None:
        self.database.transact(_empty)

    # --- callers ---

    @rule(tenant=st.sampled_from(("acme", "rival")))
    def create(self, tenant: str) -> None:
        job = make(self.jobs, tenant=tenant)
        assert all(job.number > known.number for known in self.known.values())
        self.known[job.id] = Known(job.number, tenant)

    @precondition(lambda self: self.known)
    @rule(at=st.floats(0, 0.999))
    def cancel(self, at: float) -> None:
        job_id, known = self._job(at)
        if known.state is JobState.RUNNING:
            known.state = JobState.CANCELLING
        elif not known.state.ended and known.state is not JobState.CANCELLING:
            known.state, known.lease = JobState.CANCELLED, None
        assert self.jobs.ask_cancel(known.tenant, job_id).state is known.state

    @precondition(lambda self: self.known)
    @rule(at=st.floats(0, 0.999))
    def resume(self, at: float) -> None:
        job_id, known = self._job(at)
        if known.state is JobState.SUCCEEDED:
            with pytest.raises(JobNotResumable):
                self.jobs.resume(known.tenant, job_id, max_queued=100)
            return
        if known.state.ended:
            known.state, known.attempts, known.lease = JobState.QUEUED, 0, None
        assert self.jobs.resume(known.tenant, job_id, max_queued=100).state is known.state

    @precondition(lambda self: self.known)
    @rule(at=st.floats(0, 0.999))
    def delete(self, at: float) -> None:
        job_id, known = self._job(at)
        assert self.jobs.delete(known.tenant, job_id).state is known.state
        del self.known[job_id]

    # --- workers ---

    @rule(owner=st.sampled_from(OWNERS), length_ms=st.sampled_from((0, 0, LEASE_MS)))
    def claim(self, owner: str, length_ms: int) -> None:
        expected = min(
            ((self._turn(known), job_id) for job_id, known in self.known.items() if known.free),
            default=None,
        )
        claimed = self.jobs.claim(owner, lease_ms=length_ms, max_attempts=MAX_ATTEMPTS)
        assert (claimed and claimed[0].id) == (expected and expected[1])
        if claimed:
            job, lease = claimed
            known = self.known[job.id]
            assert lease == Lease(job.id, owner, known.epoch + 1, length_ms)
            known.state, known.lease, known.epoch = JobState.RUNNING, lease, lease.epoch
            known.attempts += 1
            self.served[known.tenant] = next(self.turns)
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(at=st.floats(0, 0.999))
    def beat(self, at: float) -> None:
        lease = self._lease(at)
        asked = self._fenced(lease, lambda: self.jobs.beat(lease))
        if asked is not None:
            assert asked is (self.known[lease.job_id].state is JobState.CANCELLING)

    @precondition(lambda self: self.leases)
    @rule(at=st.floats(0, 0.999), index=st.integers(0, 3), data=st.binary(max_size=4))
    def put(self, at: float, index: int, data: bytes) -> None:
        lease = self._lease(at)
        put = partial(self.jobs.put_chunk, lease, STAGE, index, data)
        if (
            self._fenced(lease, lambda: (put(), True))
            and index not in self.known[lease.job_id].chunks
        ):
            self.known[lease.job_id].chunks[index] = data
            self.known[lease.job_id].attempts = 1

    @precondition(lambda self: self.leases)
    @rule(at=st.floats(0, 0.999), counts=st.booleans())
    def release(self, at: float, counts: bool) -> None:
        lease = self._lease(at)

        def let_go() -> Any:
            return self.jobs.release(
                lease, lambda job: replace(job, attempts=job.attempts - (not counts))
            )

        known = self.known.get(lease.job_id)
        if known and known.lease == lease and known.state in LET_GO:
            assert let_go().state is known.state  # once more
        elif self._fenced(lease, let_go):
            known = self.known[lease.job_id]
            known.state = LET_GO_FROM[known.state]
            known.attempts -= not counts

    @precondition(lambda self: self.leases)
    @rule(at=st.floats(0, 0.999), state=st.sampled_from((JobState.SUCCEEDED, JobState.FAILED)))
    def end(self, at: float, state: JobState) -> None:
        lease = self._lease(at)
        known = self.known.get(lease.job_id)
        if known and known.lease == lease and known.state.ended:
            assert self.jobs.end(lease, to(state)).state is known.state  # once more
            return
        if self._fenced(lease, lambda: self.jobs.end(lease, to(state))):
            self.known[lease.job_id].state = state
            if state is JobState.SUCCEEDED:
                self.known[lease.job_id].chunks = {}

    # --- chores ---

    @rule()
    def sweep(self) -> None:
        expected = {
            job_id: JobState.CANCELLED if known.state is JobState.CANCELLING else JobState.FAILED
            for job_id, known in self.known.items()
            if known.abandoned
        }
        swept = self.jobs.sweep(max_attempts=MAX_ATTEMPTS, poisoned=poisoned)
        assert {job.id: job.state for job in swept} == expected
        for job_id, state in expected.items():
            self.known[job_id].state, self.known[job_id].lease = state, None

    @rule(owner=st.sampled_from(OWNERS))
    def come_back(self, owner: str) -> None:
        self.jobs.release_all_of(owner)
        for known in self.known.values():
            held = known.lease and (not self.jobs.shared or known.lease.owner == owner)
            if held and not known.state.ended:
                known.state, known.lease = LET_GO_FROM.get(known.state, known.state), None

    # --- what is true at all times ---

    @invariant()
    def no_job_is_lost_and_none_moves_by_itself(self) -> None:
        rows = self.database.transact(lambda db: db.rows("SELECT id, state, epoch FROM job"))
        assert {(row["id"], row["state"], row["epoch"]) for row in rows} == {
            (job_id, known.state.value, known.epoch) for job_id, known in self.known.items()
        }

    @invariant()
    def each_chunk_is_kept_once_and_as_it_came_first(self) -> None:
        rows = self.database.transact(lambda db: db.rows("SELECT job, number, data FROM chunk"))
        assert sorted((row["job"], row["number"], row["data"]) for row in rows) == sorted(
            (job_id, number, data)
            for job_id, known in self.known.items()
            for number, data in known.chunks.items()
        )

    # ---

    def _job(self, at: float) -> tuple[str, Known]:
        return list(self.known.items())[int(at * len(self.known))]

    def _lease(self, at: float) -> Lease:
        return self.leases[int(at * len(self.leases))]

    def _turn(self, known: Known) -> tuple[int, int, int]:
        busy = sum(one.at_work for one in self.known.values() if one.tenant == known.tenant)
        return busy, self.served[known.tenant], known.number

    def _fenced(self, lease: Lease, work: Callable[[], Any]) -> Any:
        """What ``work`` gives; None where the lease is no good, and then it must be refused."""
        known = self.known.get(lease.job_id)
        if known and known.lease == lease and known.state in AT_WORK:
            return work()
        with pytest.raises(LeaseLost):
            work()
        return None


def _empty(db: Session) -> None:
    for sql in ("DELETE FROM job", "DELETE FROM chunk", "DELETE FROM turn"):
        db.run(sql)


def test_whatever_the_order_no_job_is_lost_and_no_chunk_is_kept_twice(database: Database) -> None:
    run_state_machine_as_test(
        partial(Interleavings, database),  # type: ignore[arg-type]
        settings=settings(
            deadline=None,
            max_examples=8 if database.shared else 25,  # a step takes far longer over a socket
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
