"""Stores without a disk, with the promises of those that have one."""

import itertools
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from polycue.domain.errors import NotFound, QueueFull, RequestIdReused, UploadQuotaExceeded
from polycue.jobs.job import Job, JobState, move
from polycue.jobs.store.protocol import JobFilter
from polycue.jobs.upload import Upload


class MemoryJobs:
    """Keeps jobs for as long as it lives; see ``JobStore``."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[str, Job] = {}  # in the order of their numbers

    def repeated(self, request_id: str, fingerprint: str) -> Job | None:
        with self._lock:
            for job in self._jobs.values():
                if request_id and job.request_id == request_id:
                    if job.fingerprint != fingerprint:
                        raise RequestIdReused(request_id)
                    return job
        return None

    def create(self, job: Job, *, max_queued: int, retry_after_s: int) -> Job:
        with self._lock:
            if earlier := self.repeated(job.request_id, job.fingerprint):
                return earlier
            waiting = sum(job.state is JobState.QUEUED for job in self._jobs.values())
            if waiting >= max_queued:
                raise QueueFull(waiting, retry_after_s)
            self._jobs[job.id] = kept = replace(job, number=next(self._numbers))
            return kept

    def get(self, job_id: str) -> Job:
        with self._lock:
            if job_id not in self._jobs:
                raise NotFound("job", f"jobs/{job_id}")
            return self._jobs[job_id]

    def page(self, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        with self._lock:
            newest_first = reversed(list(self._jobs.values()))
        found = (
            job
            for job in newest_first
            if (before is None or job.number < before) and _matches(job, wanted)
        )
        return list(itertools.islice(found, limit))

    def unended(self) -> Sequence[Job]:
        with self._lock:
            return [job for job in self._jobs.values() if not job.ended]

    def claim(self, *, now_ms: int) -> Job | None:
        with self._lock:
            for job in self._jobs.values():
                if job.state is JobState.QUEUED:
                    return self.change(job.id, lambda j: move(j, JobState.RUNNING, now_ms=now_ms))
        return None

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        with self._lock:
            self._jobs[job_id] = after = change(self.get(job_id))
            return after

    def delete(self, job_id: str) -> None:
        with self._lock:
            self._jobs.pop(job_id, None)

    def expired(self, *, now_ms: int) -> Sequence[str]:
        with self._lock:
            jobs = list(self._jobs.values())
        return [j.id for j in jobs if j.expires_ms is not None and j.expires_ms <= now_ms]

    def ids(self) -> Collection[str]:
        with self._lock:
            return set(self._jobs)


class MemoryUploads:
    """Keeps uploads for as long as it lives; see ``UploadStore``."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._uploads: dict[str, Upload] = {}

    def create(self, upload: Upload, *, max_stored_bytes: int, retry_after_s: int) -> Upload:
        with self._lock:
            for earlier in self._uploads.values():
                if upload.request_id and earlier.request_id == upload.request_id:
                    if earlier.fingerprint != upload.fingerprint:
                        raise RequestIdReused(upload.request_id)
                    return earlier
            free = max_stored_bytes - sum(u.size_bytes for u in self._uploads.values())
            if upload.size_bytes > free:
                raise UploadQuotaExceeded(upload.size_bytes, max(free, 0), retry_after_s)
            self._uploads[upload.id] = upload
            return upload

    def get(self, upload_id: str) -> Upload:
        with self._lock:
            if upload_id not in self._uploads:
                raise NotFound("upload", f"uploads/{upload_id}")
            return self._uploads[upload_id]

    def change(self, upload_id: str, change: Callable[[Upload], Upload]) -> Upload:
        with self._lock:
            self._uploads[upload_id] = after = change(self.get(upload_id))
            return after

    def delete(self, upload_id: str) -> None:
        with self._lock:
            self._uploads.pop(upload_id, None)

    def expired(self, *, now_ms: int) -> Sequence[str]:
        with self._lock:
            return [u.id for u in self._uploads.values() if u.expires_ms <= now_ms]

    def ids(self) -> Collection[str]:
        with self._lock:
            return set(self._uploads)


def _matches(job: Job, wanted: JobFilter) -> bool:
    return (not wanted.states or job.state in wanted.states) and all(
        job.labels.get(key) == value for key, value in wanted.labels.items()
    )
