"""Statements on jobs and chunks, each for a transaction that somebody is in."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from polycue.domain.errors import NotFound, RequestIdReused
from polycue.jobs.job import Job, JobState
from polycue.jobs.store import quotas
from polycue.jobs.store.protocol import JobFilter
from polycue.jobs.store.rows import job_of_row, row_of_job
from polycue.jobs.store.session import Row, Session, Value

_UNENDED = ", ".join(f"'{state.value}'" for state in JobState if not state.ended)


def find(db: Session, job_id: str) -> Row | None:
    """Whosever it is; locked until the transaction ends."""
    return db.row("SELECT * FROM job WHERE id = :id FOR UPDATE", id=job_id)


def get(db: Session, tenant: str, job_id: str, *, to_change: bool = False) -> Job:
    """The tenant's job, locked until the transaction ends if it is ``to_change``.

    Raises:
        NotFound: the tenant has no such job.
    """
    lock = "FOR UPDATE" if to_change else ""
    row = db.row(
        f"SELECT * FROM job WHERE id = :id AND tenant = :tenant {lock}",  # noqa: S608
        id=job_id,
        tenant=tenant,
    )
    if row is None:
        raise NotFound("job", f"jobs/{job_id}")
    return job_of_row(row)


def select(db: Session, where_and_order: str, **values: Value) -> list[Job]:
    rows = db.rows(f"SELECT * FROM job WHERE {where_and_order}", **values)  # noqa: S608
    return [job_of_row(row) for row in rows]


def page(
    db: Session, tenant: str, wanted: JobFilter, *, before: int | None, limit: int
) -> list[Job]:
    where, values = ["tenant = :tenant"], dict[str, Value](tenant=tenant, limit=limit)
    if before is not None:
        where.append("number < :before")
        values["before"] = before
    if wanted.states:
        states = {f"state_{number}": state.value for number, state in enumerate(wanted.states)}
        where.append(f"state IN ({', '.join(f':{name}' for name in states)})")
        values |= states
    for number, (key, value) in enumerate(wanted.labels.items()):
        where.append(f"label_of(labels, :key_{number}) = :value_{number}")
        values |= {f"key_{number}": key, f"value_{number}": value}
    return select(db, f"{' AND '.join(where)} ORDER BY number DESC LIMIT :limit", **values)


def change(db: Session, job: Job, change: Callable[[Job], Job]) -> Job:
    """Keep what ``change`` makes of a job that is locked, but for what is the store's own."""
    after = replace(
        change(job),
        number=job.number,
        tenant=job.tenant,
        owner=job.owner,
        epoch=job.epoch,
        lease_until_ms=job.lease_until_ms,
    )
    if after != job:
        quotas.note_use(db, job.tenant, after.media_ms - job.media_ms)
        update(db, after)
    return after


def insert(db: Session, table: str, row: Mapping[str, Value]) -> None:
    marks = ", ".join(f":{name}" for name in row)
    db.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", **row)  # noqa: S608


def update(db: Session, job: Job) -> Job:
    replace_row(db, "job", row_of_job(job))
    return job


def replace_row(db: Session, table: str, row: Mapping[str, Value]) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in row if name != "id")
    db.run(f"UPDATE {table} SET {sets} WHERE id = :id", **row)  # noqa: S608


def of_request(
    db: Session, table: str, tenant: str, request_id: str, fingerprint: str
) -> Row | None:
    """What an earlier request with this id made; raises RequestIdReused."""
    row = request_id and db.row(
        f"SELECT * FROM {table} WHERE tenant = :tenant AND request_id = :request_id",  # noqa: S608
        tenant=tenant,
        request_id=request_id,
    )
    if not row:
        return None
    if row["fingerprint"] != fingerprint:
        raise RequestIdReused(request_id)
    return row


def insert_chunk(db: Session, job_id: str, stage: str, index: int, data: bytes) -> bool:
    """Whether it is the first one with this index."""
    return bool(
        db.run(
            "INSERT INTO chunk (job, stage, number, data)"
            " VALUES (:job, :stage, :number, :data) ON CONFLICT DO NOTHING",
            job=job_id,
            stage=stage,
            number=index,
            data=data,
        )
    )


def drop_chunks(db: Session, job_id: str) -> None:
    db.run("DELETE FROM chunk WHERE job = :job", job=job_id)


def inputs_in_use(db: Session) -> Collection[str]:
    rows = db.rows(f"SELECT inputs FROM job WHERE state IN ({_UNENDED})")  # noqa: S608
    return {name for row in rows for name in json.loads(row["inputs"])}


def clocks(db: Session) -> tuple[int, int]:
    """The time of day, and the clock of leases."""
    row = db.row("SELECT now_ms() AS now_ms, steady_ms() AS steady_ms")
    assert row is not None  # noqa: S101
    return row["now_ms"], row["steady_ms"]
