"""Jobs in an SQL database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from polycue.domain.errors import JobNotResumable, NotFound
from polycue.domain.limits import TenantLimits
from polycue.jobs.asked import NOT_TRACED, Asked
from polycue.jobs.job import Failure, Job, JobState, move
from polycue.jobs.store import claims, quotas, statements, told
from polycue.jobs.store.protocol import Backlog, Held, JobFilter, Lease, unchanged
from polycue.jobs.store.rows import job_of_row, row_of_job
from polycue.jobs.store.session import Database, Session, in_transaction

_NO_LIMITS = TenantLimits()
_RESUMABLE = {JobState.FAILED, JobState.CANCELLED}
_LET_GO = {JobState.INTERRUPTED, JobState.CANCELLED}


class SqlJobs:
    """Keeps jobs; see ``JobStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"SqlJobs({self._database!r})"

    @property
    def shared(self) -> bool:
        return self._database.shared

    # --- callers --------------------------------------------------------------------------------

    @in_transaction
    def repeated(self, db: Session, tenant: str, request_id: str, fingerprint: str) -> Job | None:
        row = statements.of_request(db, "job", tenant, request_id, fingerprint)
        return job_of_row(row) if row else None

    @in_transaction
    def same_content(self, db: Session, tenant: str, content_key: str) -> Job | None:
        found = statements.select(
            db,
            # Without a key nobody knows what a job's results are: no two of those are the same.
            "tenant = :tenant AND content_key = :key AND content_key <> ''"
            " AND state = 'succeeded' AND expires_ms > now_ms() ORDER BY number DESC LIMIT 1",
            tenant=tenant,
            key=content_key,
        )
        return found[0] if found else None

    @in_transaction
    def create(
        self, db: Session, job: Job, *, max_queued: int, limits: TenantLimits = _NO_LIMITS
    ) -> Job:
        db.row("SELECT take_turn('create')")  # or two together are more than may be
        earlier = statements.of_request(db, "job", job.tenant, job.request_id, job.fingerprint)
        if earlier := earlier or statements.find(db, job.id):
            return job_of_row(earlier)
        quotas.check_job(db, job, max_queued=max_queued, limits=limits)
        now_ms, _ = statements.clocks(db)
        statements.insert(db, "job", row_of_job(replace(job, queued_ms=now_ms)))
        return statements.get(db, job.tenant, job.id)

    @in_transaction
    def get(self, db: Session, tenant: str, job_id: str) -> Job:
        return statements.get(db, tenant, job_id)

    @in_transaction
    def page(
        self, db: Session, tenant: str, wanted: JobFilter, *, before: int | None, limit: int
    ) -> list[Job]:
        return statements.page(db, tenant, wanted, before=before, limit=limit)

    @in_transaction
    def resume(
        self,
        db: Session,
        tenant: str,
        job_id: str,
        *,
        request_id: str = "",
        asked: Asked = NOT_TRACED,
        max_queued: int,
        limits: TenantLimits = _NO_LIMITS,
    ) -> Job:
        db.row("SELECT take_turn('create')")
        job = statements.get(db, tenant, job_id, to_change=True)
        if not job.ended or (request_id and job.resumed_by == request_id):
            return job
        if job.state not in _RESUMABLE:
            raise JobNotResumable(job_id, job.state.value)
        quotas.check_queue(db, tenant, max_queued=max_queued, limits=limits)
        now_ms, _ = statements.clocks(db)
        queued = move(job, JobState.QUEUED, now_ms=now_ms)
        return statements.update(
            db, replace(queued, attempts=0, owner="", resumed_by=request_id, asked=asked)
        )

    @in_transaction
    def ask_cancel(self, db: Session, tenant: str, job_id: str) -> Job:
        job = statements.get(db, tenant, job_id, to_change=True)
        if job.ended or job.state is JobState.CANCELLING:
            return job
        now_ms, _ = statements.clocks(db)
        if job.state is JobState.RUNNING:
            return statements.update(db, move(job, JobState.CANCELLING, now_ms=now_ms))
        return statements.update(
            db, replace(move(job, JobState.CANCELLED, now_ms=now_ms), owner="")
        )

    @in_transaction
    def delete(self, db: Session, tenant: str, job_id: str, *, if_expired: bool = False) -> Job:
        job = statements.get(db, tenant, job_id, to_change=True)
        now_ms, _ = statements.clocks(db)
        if if_expired and (job.expires_ms is None or job.expires_ms > now_ms):
            raise NotFound("job", f"jobs/{job_id}")
        db.run("DELETE FROM job WHERE id = :id", id=job_id)
        statements.drop_chunks(db, job_id)
        told.drop(db, job_id)
        return job

    # --- workers --------------------------------------------------------------------------------

    @in_transaction
    def claim(
        self, db: Session, owner: str, *, lease_ms: int, max_attempts: int
    ) -> tuple[Job, Lease] | None:
        return claims.claim(db, owner, lease_ms=lease_ms, max_attempts=max_attempts)

    @in_transaction
    def held(self, db: Session, owner: str) -> Mapping[str, Held]:
        rows = db.rows(
            "SELECT id, epoch, state FROM job"
            " WHERE owner = :owner AND state IN ('running', 'cancelling')",
            owner=owner,
        )
        return {row["id"]: Held(row["epoch"], row["state"] == "cancelling") for row in rows}

    @in_transaction
    def beat(self, db: Session, lease: Lease) -> bool:
        return claims.renew(db, lease) is JobState.CANCELLING

    @in_transaction
    def change(self, db: Session, lease: Lease, change: Callable[[Job], Job]) -> Job:
        return statements.change(db, claims.leased(db, lease), change)

    @in_transaction
    def begin_plan(self, db: Session, lease: Lease, plan_hash: str) -> None:
        job = claims.leased(db, lease)
        if job.plan_hash != plan_hash:
            statements.drop_chunks(db, job.id)
            statements.update(db, replace(job, plan_hash=plan_hash, reached=""))

    @in_transaction
    def put_chunk(self, db: Session, lease: Lease, stage: str, index: int, data: bytes) -> None:
        claims.renew(db, lease)
        if statements.insert_chunk(db, lease.job_id, stage, index, data):
            db.run(
                "UPDATE job SET reached = :reached, attempts = 1 WHERE id = :id",
                id=lease.job_id,
                reached=f"{stage}/{index}",
            )

    @in_transaction
    def chunks(self, db: Session, job_id: str, stage: str) -> dict[int, bytes]:
        rows = db.rows(
            "SELECT number, data FROM chunk WHERE job = :job AND stage = :stage ORDER BY number",
            job=job_id,
            stage=stage,
        )
        return {row["number"]: row["data"] for row in rows}

    @in_transaction
    def tell(self, db: Session, lease: Lease, number: int, data: bytes, *, since: int) -> None:
        claims.renew(db, lease)
        told.keep(db, lease.job_id, number, data, since=since)

    @in_transaction
    def told(self, db: Session, job_id: str, *, after: int) -> list[bytes]:
        return told.after(db, job_id, after)

    @in_transaction
    def release(
        self,
        db: Session,
        lease: Lease,
        change: Callable[[Job], Job] = unchanged,
        *,
        after_ms: int = 0,
    ) -> Job:
        job = claims.settled(db, lease)
        if job and job.state in _LET_GO:
            return job
        job = statements.change(db, claims.leased(db, lease), change)
        return claims.let_go(db, job, after_ms=after_ms)

    @in_transaction
    def end(self, db: Session, lease: Lease, change: Callable[[Job], Job]) -> Job:
        job = claims.settled(db, lease)
        if job and job.ended:
            return job
        ended = statements.change(db, claims.leased(db, lease), change)
        if ended.state is JobState.SUCCEEDED:
            statements.drop_chunks(db, ended.id)
        return ended

    # --- chores ---------------------------------------------------------------------------------

    @in_transaction
    def release_all_of(self, db: Session, owner: str) -> None:
        for job in claims.held_by(db, owner if self.shared else None):
            claims.let_go(db, replace(job, owner=""), after_ms=0)

    @in_transaction
    def sweep(
        self, db: Session, *, max_attempts: int, poisoned: Callable[[Job], Failure]
    ) -> Sequence[Job]:
        quotas.forget_old_use(db)
        told.drop_old(db)
        return claims.end_abandoned(db, max_attempts=max_attempts, poisoned=poisoned)

    @in_transaction
    def inputs_in_use(self, db: Session) -> Collection[str]:
        return statements.inputs_in_use(db)

    @in_transaction
    def expired(self, db: Session) -> Sequence[Job]:
        return statements.select(db, "expires_ms <= now_ms() ORDER BY number")

    @in_transaction
    def ids(self, db: Session) -> Collection[str]:
        return {row["id"] for row in db.rows("SELECT id FROM job")}

    @in_transaction
    def counts(self, db: Session) -> Mapping[JobState, int]:
        rows = db.rows("SELECT state, count(*) AS jobs FROM job GROUP BY state")
        return {JobState(row["state"]): row["jobs"] for row in rows}

    @in_transaction
    def backlog(self, db: Session) -> Mapping[JobState, Backlog]:
        rows = db.rows(
            "SELECT state, jobs, audio_ms, now_ms() - since_ms AS oldest_ms FROM backlog"
        )
        return {
            JobState(row["state"]): Backlog(row["jobs"], row["audio_ms"], max(0, row["oldest_ms"]))
            for row in rows
        }
