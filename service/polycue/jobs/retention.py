"""What has outlived its time goes: ended jobs with their results, and uploads."""

import contextlib

from polycue import telemetry
from polycue.domain.errors import JobNotEnded, NotFound
from polycue.jobs.board import Board
from polycue.jobs.clock import Clock
from polycue.jobs.store.protocol import JobStore, UploadStore
from polycue.jobs.uploads import Uploads

log = telemetry.logger(__name__)


class Retention:
    """Purges by ``expires_ms``; what an unended job reads from stays until that has ended."""

    def __init__(
        self,
        jobs: JobStore,
        uploads: UploadStore,
        *,
        board: Board,
        files: Uploads,
        clock: Clock,
    ) -> None:
        self._jobs, self._uploads = jobs, uploads
        self._board, self._files, self._clock = board, files, clock

    def sweep(self) -> int:
        """Purge all whose time is over; returns how many that were. Blocks."""
        now_ms = self._clock()
        in_use = {name for job in self._jobs.unended() for name in job.inputs}
        jobs = [i for i in self._jobs.expired(now_ms=now_ms) if f"jobs/{i}" not in in_use]
        uploads = [i for i in self._uploads.expired(now_ms=now_ms) if f"uploads/{i}" not in in_use]
        # Its owner may delete one at the same moment.
        for job in jobs:
            with contextlib.suppress(NotFound, JobNotEnded):
                self._board.delete(job)
        for upload in uploads:
            with contextlib.suppress(NotFound):
                self._files.delete(upload)
        if jobs or uploads:
            log.info("purged", jobs=len(jobs), uploads=len(uploads))
        return len(jobs) + len(uploads)
