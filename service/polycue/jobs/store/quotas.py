"""What may wait and be kept, in all and for each tenant."""

from polycue.domain.errors import QueueFull, QuotaExceeded, UploadQuotaExceeded
from polycue.domain.limits import TenantLimits
from polycue.jobs.job import Job
from polycue.jobs.store.session import Session

_QUEUE_RETRY_S = 30
_STORAGE_RETRY_S = 600
_HOUR_MS = 60 * 60 * 1000
_DAY_HOURS = 24
_OVERHEAD_BYTES = 16 * 1024
"""What an upload or a job takes beside its bytes: its row, a folder and the last block of a file.

Without it, very many very small ones would fill the disk below every limit.
"""

_QUEUED_AND_UNENDED = """
    SELECT (SELECT count(*) FROM job WHERE state = 'queued') AS queued,
           (SELECT count(*) FROM job WHERE tenant = :tenant AND state IN
               ('queued', 'running', 'cancelling', 'interrupted')) AS unended
"""
_STORED = """
    SELECT tenant, sum(size_bytes) AS size_bytes FROM (
        SELECT tenant, size_bytes + :overhead_bytes AS size_bytes FROM upload
        UNION ALL
        SELECT tenant, kept_bytes + :overhead_bytes AS size_bytes FROM job
    ) AS kept
    GROUP BY tenant
"""
_STORED_OF_TENANT = """
    SELECT (SELECT coalesce(sum(size_bytes + :overhead_bytes), 0)
            FROM upload WHERE tenant = :tenant)
         + (SELECT coalesce(sum(kept_bytes + :overhead_bytes), 0)
            FROM job WHERE tenant = :tenant) AS size_bytes
"""
_DECODED = """
    SELECT sum(media_ms) AS media_ms, min(hour) AS first_hour, now_ms() AS now_ms
    FROM media_use WHERE tenant = :tenant AND hour > now_ms() / :hour_ms - :hours
"""
_NOTE_USE = """
    INSERT INTO media_use (tenant, hour, media_ms) VALUES (:tenant, now_ms() / :hour_ms, :media_ms)
    ON CONFLICT (tenant, hour) DO UPDATE SET media_ms = media_use.media_ms + excluded.media_ms
"""


def check_job(db: Session, job: Job, *, max_queued: int, limits: TenantLimits) -> None:
    """Return if a new job may wait, and there is room for it; raises as ``check_queue`` does."""
    check_queue(
        db,
        job.tenant,
        wanted_bytes=job.kept_bytes + _OVERHEAD_BYTES,
        max_queued=max_queued,
        limits=limits,
    )


def check_queue(
    db: Session, tenant: str, *, wanted_bytes: int = 0, max_queued: int, limits: TenantLimits
) -> None:
    """Return if one more job of the tenant may wait, which takes so many bytes more.

    Raises:
        QueueFull: there are ``max_queued`` in all.
        QuotaExceeded: the tenant has enough of them, had enough media decoded today, or has no room
            left for the job or for results.
    """
    (found,) = db.rows(_QUEUED_AND_UNENDED, tenant=tenant)
    if found["queued"] >= max_queued:
        raise QueueFull(found["queued"], _QUEUE_RETRY_S)
    if found["unended"] >= limits.max_jobs:
        raise QuotaExceeded("jobs", found["unended"], limits.max_jobs, "jobs", _QUEUE_RETRY_S)
    _check_media(db, tenant, limits.max_day_media_ms)
    stored = _stored_of(db, tenant)
    # How large its results will be, nobody knows.
    if stored + wanted_bytes > limits.max_stored_bytes:
        raise _no_room(stored, limits)


def check_storage(
    db: Session, tenant: str, wanted_bytes: int, *, max_stored_bytes: int, limits: TenantLimits
) -> None:
    """Return if there is room for an upload of so many bytes.

    Raises:
        UploadQuotaExceeded: there is none, whosever all the rest is.
        QuotaExceeded: the tenant has all it may have.
    """
    in_all, stored = _stored(db, tenant)
    free_bytes = max_stored_bytes - in_all - _OVERHEAD_BYTES
    if wanted_bytes > free_bytes:
        raise UploadQuotaExceeded(wanted_bytes, max(0, free_bytes), _STORAGE_RETRY_S)
    if stored + wanted_bytes + _OVERHEAD_BYTES > limits.max_stored_bytes:
        raise _no_room(stored, limits)


def note_use(db: Session, tenant: str, media_ms: int) -> None:
    """Add to what was decoded for the tenant; deleting its jobs does not take that away."""
    if media_ms > 0:
        db.run(_NOTE_USE, tenant=tenant, hour_ms=_HOUR_MS, media_ms=media_ms)


def forget_old_use(db: Session) -> None:
    db.run(
        "DELETE FROM media_use WHERE hour <= now_ms() / :hour_ms - :hours",
        hour_ms=_HOUR_MS,
        hours=_DAY_HOURS,
    )


def _check_media(db: Session, tenant: str, limit_ms: int) -> None:
    (found,) = db.rows(_DECODED, tenant=tenant, hour_ms=_HOUR_MS, hours=_DAY_HOURS)
    used_ms = int(found["media_ms"] or 0)
    if used_ms and used_ms >= limit_ms:
        free_ms = (found["first_hour"] + _DAY_HOURS) * _HOUR_MS - found["now_ms"]
        raise QuotaExceeded("media", used_ms, limit_ms, "ms in 24 hours", free_ms // 1000 + 1)


def _stored(db: Session, tenant: str) -> tuple[int, int]:
    """Bytes of uploads and of jobs with their results: of all tenants, and of this one."""
    rows = db.rows(_STORED, overhead_bytes=_OVERHEAD_BYTES)
    by_tenant = {row["tenant"]: int(row["size_bytes"]) for row in rows}
    return sum(by_tenant.values()), by_tenant.get(tenant, 0)


def _stored_of(db: Session, tenant: str) -> int:
    """Bytes of this tenant alone: heartbeats wait while everybody's are summed."""
    (found,) = db.rows(_STORED_OF_TENANT, tenant=tenant, overhead_bytes=_OVERHEAD_BYTES)
    return int(found["size_bytes"])


def _no_room(stored: int, limits: TenantLimits) -> QuotaExceeded:
    return QuotaExceeded("storage", stored, limits.max_stored_bytes, "bytes", _STORAGE_RETRY_S)
