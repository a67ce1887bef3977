"""Who may work on a job: claiming, renewing, letting go, and giving up."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from polycue.domain.errors import LeaseLost
from polycue.jobs.job import Failure, Job, JobState, move
from polycue.jobs.store.protocol import Lease
from polycue.jobs.store.rows import job_of_row
from polycue.jobs.store.session import Session
from polycue.jobs.store.statements import clocks, find, select, update

_AT_WORK = (JobState.RUNNING, JobState.CANCELLING)
_NEXT_IN_TURN = """
    SELECT job.id FROM job
    LEFT JOIN turn ON turn.tenant = job.tenant
    LEFT JOIN (
        SELECT tenant, count(*) AS jobs FROM job
        WHERE state IN ('running', 'cancelling') AND lease_until_ms > steady_ms()
        GROUP BY tenant
    ) AS at_work ON at_work.tenant = job.tenant
    WHERE job.attempts < :max_attempts AND (
        job.state = 'queued'
        OR job.state = 'interrupted' AND job.lease_until_ms <= steady_ms()
        OR job.state = 'running' AND job.lease_until_ms <= steady_ms()
           AND up_since_ms() + :lease_ms <= steady_ms()
    )
    ORDER BY coalesce(at_work.jobs, 0), coalesce(turn.served, 0), job.number
    LIMIT 1
    FOR UPDATE OF job SKIP LOCKED
"""
_SERVED = """
    INSERT INTO turn (tenant, served)
    SELECT :tenant, coalesce(max(served), 0) + 1 FROM turn WHERE true
    ON CONFLICT (tenant) DO UPDATE SET served = excluded.served
"""


def claim(db: Session, owner: str, *, lease_ms: int, max_attempts: int) -> tuple[Job, Lease] | None:
    db.row("SELECT take_turn('claim')")  # the order is fair only to who sees the claim before
    # While the database was away nobody could renew a lease: those alive have the time of one.
    chosen = db.row(_NEXT_IN_TURN, max_attempts=max_attempts, lease_ms=lease_ms)
    row = chosen and find(db, chosen["id"])
    if not row:
        return None
    now_ms, steady_ms = clocks(db)
    job = job_of_row(row)
    waited_ms = max(0, now_ms - (job.queued_ms or job.created_ms))
    if job.state is JobState.RUNNING:  # its worker died: it waited for that to be seen, no more
        job, waited_ms = move(job, JobState.INTERRUPTED, now_ms=now_ms), 0
    job = replace(
        move(job, JobState.RUNNING, now_ms=now_ms),
        owner=owner,
        epoch=job.epoch + 1,
        attempts=job.attempts + 1,
        lease_until_ms=steady_ms + lease_ms,
    )
    db.run(_SERVED, tenant=job.tenant)
    return update(db, job), Lease(job.id, owner, job.epoch, lease_ms, waited_ms)


def renew(db: Session, lease: Lease) -> JobState:
    """The state the job is in; raises LeaseLost."""
    row = db.row(
        "UPDATE job SET lease_until_ms = steady_ms() + :length_ms"
        " WHERE id = :id AND owner = :owner AND epoch = :epoch"
        " AND state IN ('running', 'cancelling') RETURNING state",
        id=lease.job_id,
        owner=lease.owner,
        epoch=lease.epoch,
        length_ms=lease.length_ms,
    )
    if row is None:
        raise LeaseLost(lease.job_id)
    return JobState(row["state"])


def leased(db: Session, lease: Lease) -> Job:
    """The job, locked until the transaction ends; raises LeaseLost."""
    job = _last_held(db, lease)
    if job is None or job.state not in _AT_WORK:
        raise LeaseLost(lease.job_id)
    return job


def settled(db: Session, lease: Lease) -> Job | None:
    """The job, if the lease's holder has ended it or let it go, and nobody took it since.

    So it is when the first time the connection broke just after that had been kept.
    """
    job = _last_held(db, lease)
    return None if job is None or job.state in _AT_WORK else job


def _last_held(db: Session, lease: Lease) -> Job | None:
    """The job, if this lease was its last; whoever settles it for the holder takes the owner."""
    row = find(db, lease.job_id)
    ours = row and (row["owner"], row["epoch"]) == (lease.owner, lease.epoch)
    return job_of_row(row) if row and ours else None


def held_by(db: Session, owner: str | None) -> list[Job]:
    """The jobs that ``owner``, or anybody, works on or waits with; locked, and no others."""
    return select(
        db,
        "state IN ('running', 'cancelling', 'interrupted') AND owner = coalesce(:owner, owner)"
        " ORDER BY number FOR UPDATE",
        owner=owner,
    )


def let_go(db: Session, job: Job, *, after_ms: int) -> Job:
    """A job that is locked, for whoever claims it after a while; cancelled if that was asked."""
    now_ms, steady_ms = clocks(db)
    match job.state:
        case JobState.CANCELLING:
            return update(db, move(job, JobState.CANCELLED, now_ms=now_ms))
        case JobState.RUNNING:
            job = move(job, JobState.INTERRUPTED, now_ms=now_ms, failure=job.failure)
    return update(db, replace(job, lease_until_ms=steady_ms + after_ms))


def end_abandoned(
    db: Session, *, max_attempts: int, poisoned: Callable[[Job], Failure]
) -> Sequence[Job]:
    abandoned = select(
        db,
        "state IN ('running', 'cancelling', 'interrupted') AND lease_until_ms <= steady_ms()"
        " AND (state = 'cancelling' OR attempts >= :max_attempts)"
        " ORDER BY number FOR UPDATE SKIP LOCKED",
        max_attempts=max_attempts,
    )
    now_ms, _ = clocks(db)
    ended = []
    for job in abandoned:
        if job.state is JobState.CANCELLING:
            over = move(job, JobState.CANCELLED, now_ms=now_ms)
        else:
            over = move(job, JobState.FAILED, now_ms=now_ms, failure=poisoned(job))
        ended.append(update(db, replace(over, owner="")))
    return ended
