"""Jobs and uploads in SQLite."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence

from polycue.domain.errors import NotFound, QueueFull, RequestIdReused, UploadQuotaExceeded
from polycue.jobs.job import Job, JobState, move
from polycue.jobs.store.database import Database
from polycue.jobs.store.protocol import JobFilter
from polycue.jobs.store.rows import Value, job_of_row, row_of_job, row_of_upload, upload_of_row
from polycue.jobs.upload import Upload

_UNENDED = tuple(state.value for state in JobState if not state.ended)


class SqliteJobs:
    """Keeps jobs; see ``JobStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"SqliteJobs({self._database!r})"

    def repeated(self, request_id: str, fingerprint: str) -> Job | None:
        with self._database.transaction() as db:
            return self._repeated(db, request_id, fingerprint)

    def create(self, job: Job, *, max_queued: int, retry_after_s: int) -> Job:
        with self._database.transaction() as db:
            if earlier := self._repeated(db, job.request_id, job.fingerprint):
                return earlier
            (waiting,) = db.execute("SELECT count(*) FROM job WHERE state = 'queued'").fetchone()
            if waiting >= max_queued:
                raise QueueFull(waiting, retry_after_s)
            _insert(db, "job", row_of_job(job))
            return self._get(db, job.id)

    def get(self, job_id: str) -> Job:
        with self._database.transaction() as db:
            return self._get(db, job_id)

    def page(self, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        where, values = ["1"], list[Value]()
        if before is not None:
            where.append("number < ?")
            values.append(before)
        if wanted.states:
            where.append(f"state IN ({_marks(len(wanted.states))})")
            values += sorted(state.value for state in wanted.states)
        for label in wanted.labels.items():
            where.append("EXISTS (SELECT 1 FROM json_each(labels) WHERE key = ? AND value = ?)")
            values += label
        with self._database.transaction() as db:
            rows = db.execute(
                f"SELECT * FROM job WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?",  # noqa: S608 - only marks are put in
                (*values, limit),
            ).fetchall()
        return [job_of_row(row) for row in rows]

    def unended(self) -> Sequence[Job]:
        with self._database.transaction() as db:
            rows = db.execute(
                f"SELECT * FROM job WHERE state IN ({_marks(len(_UNENDED))}) ORDER BY number",  # noqa: S608
                _UNENDED,
            ).fetchall()
        return [job_of_row(row) for row in rows]

    def claim(self, *, now_ms: int) -> Job | None:
        with self._database.transaction() as db:
            row = db.execute(
                "SELECT * FROM job WHERE state = 'queued' ORDER BY number LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            job = move(job_of_row(row), JobState.RUNNING, now_ms=now_ms)
            _update(db, "job", row_of_job(job))
            return job

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        with self._database.transaction() as db:
            before = self._get(db, job_id)
            after = change(before)
            if after != before:
                _update(db, "job", row_of_job(after))
            return after

    def delete(self, job_id: str) -> None:
        with self._database.transaction() as db:
            db.execute("DELETE FROM job WHERE id = ?", (job_id,))

    def expired(self, *, now_ms: int) -> Sequence[str]:
        with self._database.transaction() as db:
            rows = db.execute("SELECT id FROM job WHERE expires_ms <= ?", (now_ms,)).fetchall()
        return [row["id"] for row in rows]

    def ids(self) -> Collection[str]:
        with self._database.transaction() as db:
            return {row["id"] for row in db.execute("SELECT id FROM job")}

    @staticmethod
    def _get(db: sqlite3.Connection, job_id: str) -> Job:
        row = db.execute("SELECT * FROM job WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotFound("job", f"jobs/{job_id}")
        return job_of_row(row)

    @staticmethod
    def _repeated(db: sqlite3.Connection, request_id: str, fingerprint: str) -> Job | None:
        row = _of_request(db, "job", request_id, fingerprint)
        return job_of_row(row) if row else None


class SqliteUploads:
    """Keeps uploads; see ``UploadStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"SqliteUploads({self._database!r})"

    def create(self, upload: Upload, *, max_stored_bytes: int, retry_after_s: int) -> Upload:
        with self._database.transaction() as db:
            if row := _of_request(db, "upload", upload.request_id, upload.fingerprint):
                return upload_of_row(row)
            (stored,) = db.execute("SELECT coalesce(sum(size_bytes), 0) FROM upload").fetchone()
            if stored + upload.size_bytes > max_stored_bytes:
                free = max(max_stored_bytes - stored, 0)
                raise UploadQuotaExceeded(upload.size_bytes, free, retry_after_s)
            _insert(db, "upload", row_of_upload(upload))
            return upload

    def get(self, upload_id: str) -> Upload:
        with self._database.transaction() as db:
            return self._get(db, upload_id)

    def change(self, upload_id: str, change: Callable[[Upload], Upload]) -> Upload:
        with self._database.transaction() as db:
            upload = change(self._get(db, upload_id))
            _update(db, "upload", row_of_upload(upload))
            return upload

    def delete(self, upload_id: str) -> None:
        with self._database.transaction() as db:
            db.execute("DELETE FROM upload WHERE id = ?", (upload_id,))

    def expired(self, *, now_ms: int) -> Sequence[str]:
        with self._database.transaction() as db:
            rows = db.execute("SELECT id FROM upload WHERE expires_ms <= ?", (now_ms,)).fetchall()
        return [row["id"] for row in rows]

    def ids(self) -> Collection[str]:
        with self._database.transaction() as db:
            return {row["id"] for row in db.execute("SELECT id FROM upload")}

    @staticmethod
    def _get(db: sqlite3.Connection, upload_id: str) -> Upload:
        row = db.execute("SELECT * FROM upload WHERE id = ?", (upload_id,)).fetchone()
        if row is None:
            raise NotFound("upload", f"uploads/{upload_id}")
        return upload_of_row(row)


def _of_request(
    db: sqlite3.Connection, table: str, request_id: str, fingerprint: str
) -> sqlite3.Row | None:
    if not request_id:
        return None
    row: sqlite3.Row | None = db.execute(
        f"SELECT * FROM {table} WHERE request_id = ?",  # noqa: S608
        (request_id,),
    ).fetchone()
    if row is not None and row["fingerprint"] != fingerprint:
        raise RequestIdReused(request_id)
    return row


def _insert(db: sqlite3.Connection, table: str, row: Mapping[str, Value]) -> None:
    db.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({_marks(len(row))})",  # noqa: S608
        tuple(row.values()),
    )


def _update(db: sqlite3.Connection, table: str, row: Mapping[str, Value]) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in row)
    db.execute(f"UPDATE {table} SET {sets} WHERE id = :id", row)  # noqa: S608


def _marks(count: int) -> str:
    return ", ".join("?" * count)
