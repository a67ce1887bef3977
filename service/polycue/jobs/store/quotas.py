"""What may wait and be kept, in all and for each tenant."""

from polycue.domain.errors import QueueFull, QuotaExceeded, UploadQuotaExceeded
from polycue.domain.limits import TenantLimits
from polycue.jobs.store.session import Session, Value

_QUEUE_RETRY_S = 30
_STORAGE_RETRY_S = 600
_HOUR_MS = 60 * 60 * 1000
_DAY_HOURS = 24


def check_queue(db: Session, tenant: str, *, max_queued: int, limits: TenantLimits) -> None:
    """Return if one more job of the tenant may wait.

    Raises:
        QueueFull: there are ``max_queued`` in all.
        QuotaExceeded: the tenant has enough of them, or had enough media decoded today.
    """
    waiting = _number(db, "SELECT count(*) AS number FROM job WHERE state = 'queued'")
    if waiting >= max_queued:
        raise QueueFull(waiting, _QUEUE_RETRY_S)
    unended = _number(
        db,
        "SELECT count(*) AS number FROM job WHERE tenant = :tenant"
        " AND state IN ('queued', 'running', 'cancelling', 'interrupted')",
        tenant=tenant,
    )
    if unended >= limits.max_jobs:
        raise QuotaExceeded("jobs", unended, limits.max_jobs, "jobs", _QUEUE_RETRY_S)
    _check_media(db, tenant, limits.max_day_media_ms)


def check_storage(
    db: Session, tenant: str, wanted_bytes: int, *, max_stored_bytes: int, limits: TenantLimits
) -> None:
    """Return if there is room for so many bytes more.

    Raises:
        UploadQuotaExceeded: there is none, whosever all the rest is.
        QuotaExceeded: the tenant has all it may have.
    """
    free_bytes = max(0, max_stored_bytes - _stored(db))
    if wanted_bytes > free_bytes:
        raise UploadQuotaExceeded(wanted_bytes, free_bytes, _STORAGE_RETRY_S)
    used, limit = _stored(db, tenant), limits.max_stored_bytes
    if used + wanted_bytes > limit:
        raise QuotaExceeded("storage", used, limit, "bytes", _STORAGE_RETRY_S)


def note_use(db: Session, tenant: str, media_ms: int) -> None:
    """Add to what was decoded for the tenant; deleting its jobs does not take that away."""
    if media_ms > 0:
        db.run(
            "INSERT INTO media_use (tenant, hour, media_ms)"
            " VALUES (:tenant, now_ms() / :hour_ms, :media_ms)"
            " ON CONFLICT (tenant, hour)"
            " DO UPDATE SET media_ms = media_use.media_ms + excluded.media_ms",
            tenant=tenant,
            hour_ms=_HOUR_MS,
            media_ms=media_ms,
        )


def forget_old_use(db: Session) -> None:
    db.run(
        "DELETE FROM media_use WHERE hour <= now_ms() / :hour_ms - :hours",
        hour_ms=_HOUR_MS,
        hours=_DAY_HOURS,
    )


def _check_media(db: Session, tenant: str, limit_ms: int) -> None:
    used = db.row(
        "SELECT sum(media_ms) AS media_ms, min(hour) AS first_hour, now_ms() AS now_ms"
        " FROM media_use WHERE tenant = :tenant AND hour > now_ms() / :hour_ms - :hours",
        tenant=tenant,
        hour_ms=_HOUR_MS,
        hours=_DAY_HOURS,
    )
    if used and used["media_ms"] is not None and used["media_ms"] >= limit_ms:
        free_ms = (used["first_hour"] + _DAY_HOURS) * _HOUR_MS - used["now_ms"]
        raise QuotaExceeded(
            "media", int(used["media_ms"]), limit_ms, "ms in 24 hours", free_ms // 1000 + 1
        )


def _stored(db: Session, tenant: str | None = None) -> int:
    """Bytes of uploads and results, of one tenant or of all."""
    whose = "" if tenant is None else "WHERE tenant = :tenant"
    return _number(
        db,
        f"SELECT (SELECT coalesce(sum(size_bytes), 0) FROM upload {whose})"  # noqa: S608
        f" + (SELECT coalesce(sum(result_bytes), 0) FROM job {whose}) AS number",
        **({} if tenant is None else {"tenant": tenant}),
    )


def _number(db: Session, sql: str, **values: Value) -> int:
    row = db.row(sql, **values)
    return int(row["number"]) if row else 0
