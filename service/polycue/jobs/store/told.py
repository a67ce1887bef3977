"""What the server at work tells of a job that its row does not hold, for watchers elsewhere."""

from polycue.jobs.store.session import Session

_KEPT_MS = 10 * 60 * 1000  # after the job's end


def keep(db: Session, job_id: str, number: int, data: bytes, *, since: int) -> None:
    """Add events up to ``number``, and forget those before ``since``: of earlier attempts."""
    db.run("DELETE FROM told WHERE job = :job AND number < :since", job=job_id, since=since)
    db.run(
        "INSERT INTO told (job, number, data) VALUES (:job, :number, :data) ON CONFLICT DO NOTHING",
        job=job_id,
        number=number,
        data=data,
    )


def after(db: Session, job_id: str, number: int) -> list[bytes]:
    rows = db.rows(
        "SELECT data FROM told WHERE job = :job AND number > :number ORDER BY number",
        job=job_id,
        number=number,
    )
    return [row["data"] for row in rows]


def drop(db: Session, job_id: str) -> None:
    db.run("DELETE FROM told WHERE job = :job", job=job_id)


def drop_old(db: Session) -> None:
    """Of jobs that ended a while ago; whoever comes later finds all of it in the results."""
    db.run(
        "DELETE FROM told WHERE EXISTS"
        " (SELECT 1 FROM job WHERE job.id = told.job AND job.ended_ms < now_ms() - :kept_ms)",
        kept_ms=_KEPT_MS,
    )
