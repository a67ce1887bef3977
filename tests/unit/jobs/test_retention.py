import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.domain.errors import UploadQuotaExceeded
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.clock import wall_clock
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.folder import DataFolder
from polycue.jobs.retention import Retention
from polycue.jobs.uploads import UploadDraft, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import TENANT, MemoryJobs, MemoryUploads

HOUR_MS = 60 * 60 * 1000


@pytest.fixture
def retention(
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    files: LocalFiles,
    clock: ManualClock,
) -> Retention:
    return Retention(jobs, upload_rows, board=board, kept=uploads, files=files, clock=clock)


def test_what_outlived_its_time_goes_and_nothing_else(
    retention: Retention,
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    draft: JobDraft,
    clock: ManualClock,
    folder: DataFolder,
) -> None:
    short = replace(draft, ttl_ms=HOUR_MS)
    over = board.cancel(TENANT, board.create(TENANT, short).id)
    results = folder.root / "jobs" / over.id / "1"
    results.mkdir(parents=True)
    waiting, kept = (
        board.create(TENANT, short),
        board.cancel(TENANT, board.create(TENANT, draft).id),
    )
    gone = uploads.put(TENANT, UploadDraft(3, ttl_ms=HOUR_MS), b"abc")
    assert retention.sweep() == 0
    clock.advance(HOUR_MS)
    assert retention.sweep() == 2
    assert jobs.ids() == {waiting.id, kept.id}
    assert not results.parent.exists()
    assert not (folder.root / "uploads" / gone.id).exists()
    assert retention.sweep() == 0


def test_what_a_waiting_job_reads_from_stays(
    retention: Retention,
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    draft: JobDraft,
    clock: ManualClock,
) -> None:
    upload = uploads.put(TENANT, UploadDraft(3, ttl_ms=HOUR_MS), b"abc")
    source = board.cancel(TENANT, board.create(TENANT, replace(draft, ttl_ms=HOUR_MS)).id)
    reader = board.create(
        TENANT, replace(draft, inputs=(f"uploads/{upload.id}", f"jobs/{source.id}"))
    )
    clock.advance(2 * HOUR_MS)
    assert retention.sweep() == 0
    board.cancel(TENANT, reader.id)
    assert retention.sweep() == 2


def test_of_two_servers_that_sweep_one_removes_a_job(
    retention: Retention,
    board: Board,
    jobs: MemoryJobs,
    draft: JobDraft,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = board.cancel(TENANT, board.create(TENANT, replace(draft, ttl_ms=HOUR_MS)).id)
    clock.advance(HOUR_MS)
    both_saw = jobs.expired()
    assert [one.id for one in both_saw] == [job.id]
    monkeypatch.setattr(jobs, "expired", lambda: both_saw)
    assert [retention.sweep(), retention.sweep()] == [1, 0]


def test_what_the_disk_does_not_let_go_keeps_nothing_else(
    retention: Retention,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    files: LocalFiles,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, _ = (uploads.put(TENANT, UploadDraft(3, ttl_ms=HOUR_MS), b"abc") for _ in range(2))
    monkeypatch.setattr(shutil, "rmtree", all_but(stuck.id))
    clock.advance(HOUR_MS)
    assert retention.sweep() == 2
    assert upload_rows.ids() == set()
    assert list(files.shelves()) == [f"uploads/{stuck.id}"]
    monkeypatch.undo()
    clock.now_ms = wall_clock() + 2 * HOUR_MS
    assert retention.sweep_orphans() == 1
    assert list(files.shelves()) == []


def all_but(name: str) -> Callable[[Path], None]:
    """A removal of folders on a disk that does not let go of one."""
    remove = shutil.rmtree

    def rmtree(path: Path) -> None:
        if path.name == name:
            raise OSError(errno.EROFS, "Read-only file system")
        remove(path)

    return rmtree


def test_files_without_an_owner_go_once_nobody_can_be_writing_them(
    retention: Retention,
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    draft: JobDraft,
    files: LocalFiles,
    folder: DataFolder,
    clock: ManualClock,
) -> None:
    clock.now_ms = wall_clock()
    job, upload = board.create(TENANT, draft), uploads.put(TENANT, UploadDraft(3), b"abc")
    for name in (f"jobs/{job.id}/1", "jobs/gone/1", "uploads/gone"):
        (folder.root / name).mkdir(parents=True)
        (folder.root / name / "x").touch()
    assert retention.sweep_orphans() == 0
    clock.advance(2 * HOUR_MS)
    assert retention.sweep_orphans() == 2
    assert set(files.shelves()) == {f"jobs/{job.id}", f"uploads/{upload.id}"}


def test_room_reserved_and_not_used_is_free_again_soon(
    retention: Retention,
    uploads: Uploads,
    clock: ManualClock,
) -> None:
    for _ in range(2):
        uploads.create(TENANT, UploadDraft(1000))
    with pytest.raises(UploadQuotaExceeded) as caught:
        uploads.create(TENANT, UploadDraft(1000))
    clock.advance(caught.value.retry_after_s * 1000)
    assert retention.sweep() == 2
    assert uploads.create(TENANT, UploadDraft(1000)).committed_bytes == 0
