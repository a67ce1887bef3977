"""What has outlived its time goes: ended jobs with their results, and uploads."""

from collections.abc import Callable

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
        purged = sum(_gone(self._board.delete, job) for job in jobs)
        purged += sum(_gone(self._files.delete, upload) for upload in uploads)
        if purged:
            log.info("purged", purged=purged)
        return purged


def _gone(delete: Callable[[str], None], name: str) -> bool:
    """Whether this sweep removed it; what the disk does not let go stays for the next one."""
    try:
        delete(name)
    except (NotFound, JobNotEnded):  # its owner was quicker
        return False
    except OSError:
        log.exception("cannot be purged", name=name)
        return False
    return True
