"""What jobs and uploads are kept in. Blocks; safe to use from several threads.

A method that changes something has made it durable when it returns.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from polycue.jobs.job import Job, JobState
from polycue.jobs.upload import Upload


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list: of any of ``states`` (none means all), with all of ``labels``."""

    states: frozenset[JobState] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


class JobStore(Protocol):
    def repeated(self, request_id: str, fingerprint: str) -> Job | None:
        """The job an earlier request with this id made; None where there was none.

        Raises:
            RequestIdReused: there was one, and it asked for something else.
        """
        ...

    def create(self, job: Job, *, max_queued: int, retry_after_s: int) -> Job:
        """Keep a queued job and give it its number, or return the one ``repeated`` finds.

        Raises:
            RequestIdReused: as ``repeated``.
            QueueFull: ``max_queued`` jobs wait already.
        """
        ...

    def get(self, job_id: str) -> Job:
        """Raises NotFound where there is no such job."""
        ...

    def page(self, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        """The newest ``limit`` jobs whose number is below ``before``, newest first."""
        ...

    def unended(self) -> Sequence[Job]:
        """Jobs that wait or run, oldest first."""
        ...

    def claim(self, *, now_ms: int) -> Job | None:
        """Move the oldest queued job to RUNNING; None where none waits."""
        ...

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Replace a job by what ``change`` makes of it, in one step.

        Raises:
            NotFound: there is no such job.
        """
        ...

    def delete(self, job_id: str) -> None: ...

    def expired(self, *, now_ms: int) -> Sequence[str]:
        """Ids of ended jobs whose time is over."""
        ...

    def ids(self) -> Collection[str]:
        """Of all jobs."""
        ...


class UploadStore(Protocol):
    def create(self, upload: Upload, *, max_stored_bytes: int, retry_after_s: int) -> Upload:
        """Keep an upload and reserve its room, or return the one made by the same request before.

        Raises:
            RequestIdReused: the request id was used with another payload.
            UploadQuotaExceeded: all uploads together would be larger than ``max_stored_bytes``.
        """
        ...

    def get(self, upload_id: str) -> Upload:
        """Raises NotFound where there is no such upload."""
        ...

    def change(self, upload_id: str, change: Callable[[Upload], Upload]) -> Upload:
        """Replace an upload by what ``change`` makes of it, in one step.

        Raises:
            NotFound: there is no such upload.
        """
        ...

    def delete(self, upload_id: str) -> None: ...

    def expired(self, *, now_ms: int) -> Sequence[str]:
        """Ids of uploads whose time is over."""
        ...

    def ids(self) -> Collection[str]:
        """Of all uploads."""
        ...
