"""What has outlived its time goes: ended jobs with their results, uploads, and what is nobody's."""

from collections.abc import Callable
from functools import partial

from polycue import telemetry
from polycue.domain.errors import NotFound, StoreError
from polycue.jobs.board import Board
from polycue.jobs.clock import Clock
from polycue.jobs.files.protocol import Files, job_shelf, upload_shelf
from polycue.jobs.store.protocol import JobStore
from polycue.jobs.store.upload_protocol import UploadStore
from polycue.jobs.uploads import Uploads

_ORPHAN_AGE_MS = 60 * 60 * 1000  # another server may be about to write down what it just kept

log = telemetry.logger(__name__)


class Retention:
    """Purges by ``expires_ms``; what an unended job reads from stays until that has ended."""

    def __init__(
        self,
        jobs: JobStore,
        uploads: UploadStore,
        *,
        board: Board,
        kept: Uploads,
        files: Files,
        clock: Clock,
    ) -> None:
        self._jobs, self._uploads = jobs, uploads
        self._board, self._kept, self._files, self._clock = board, kept, files, clock

    def sweep(self) -> int:
        """Purge all whose time is over; returns how many that were. Blocks."""
        in_use = self._jobs.inputs_in_use()
        jobs = [job for job in self._jobs.expired() if f"jobs/{job.id}" not in in_use]
        uploads = [one for one in self._uploads.expired() if f"uploads/{one.id}" not in in_use]
        purge_job = partial(self._board.delete, if_expired=True)
        purge_upload = partial(self._kept.delete, if_expired=True)
        purged = sum(_gone(partial(purge_job, job.tenant), job.id) for job in jobs)
        purged += sum(_gone(partial(purge_upload, one.tenant), one.id) for one in uploads)
        if purged:
            log.info("purged", purged=purged)
        return purged

    def sweep_orphans(self) -> int:
        """Remove files of jobs and uploads that are in no store; returns of how many. Blocks.

        A crash leaves them, or a worker that did not know yet that its job was gone.
        """
        before_ms = self._clock() - _ORPHAN_AGE_MS
        # Looked at before the rows: bytes come after their row, so what has none by then had one.
        shelves = set(self._files.shelves())
        owned = {job_shelf(i) for i in self._jobs.ids()}
        owned |= {upload_shelf(i) for i in self._uploads.ids()}
        old = [shelf for shelf in shelves - owned if self._files.changed_ms(shelf) < before_ms]
        removed = sum(_gone(self._files.remove, shelf) for shelf in old)
        if removed:
            log.warning("removed files that belonged to no job or upload", shelves=removed)
        return removed


def _gone(delete: Callable[[str], None], name: str) -> bool:
    """Whether this sweep removed it; what the disk does not let go stays for the next one."""
    try:
        delete(name)
    except NotFound:  # its owner, or another server, was quicker
        return False
    except (OSError, StoreError):
        log.exception("cannot be purged", name=name)
        return False
    return True
