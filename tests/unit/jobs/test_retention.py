from dataclasses import replace

import pytest

from polycue.domain.errors import UploadQuotaExceeded
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.folder import DataFolder
from polycue.jobs.retention import Retention
from polycue.jobs.uploads import UploadDraft, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import MemoryJobs, MemoryUploads

HOUR_MS = 60 * 60 * 1000


def test_what_outlived_its_time_goes_and_nothing_else(
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    draft: JobDraft,
    clock: ManualClock,
    folder: DataFolder,
) -> None:
    retention = Retention(jobs, upload_rows, board=board, files=uploads, clock=clock)
    short = replace(draft, ttl_ms=HOUR_MS)
    over = board.cancel(board.create(short).id)
    (folder.results(over.id)).mkdir(parents=True)
    waiting, kept = board.create(short), board.cancel(board.create(draft).id)
    gone = uploads.put(UploadDraft(3, ttl_ms=HOUR_MS), b"abc")
    assert retention.sweep() == 0
    clock.advance(HOUR_MS)
    assert retention.sweep() == 2
    assert jobs.ids() == {waiting.id, kept.id}
    assert not (folder.jobs / over.id).exists()
    assert not folder.upload(gone.id).exists()
    assert retention.sweep() == 0


def test_what_a_waiting_job_reads_from_stays(
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    draft: JobDraft,
    clock: ManualClock,
) -> None:
    retention = Retention(jobs, upload_rows, board=board, files=uploads, clock=clock)
    upload = uploads.put(UploadDraft(3, ttl_ms=HOUR_MS), b"abc")
    source = board.cancel(board.create(replace(draft, ttl_ms=HOUR_MS)).id)
    reader = board.create(replace(draft, inputs=(f"uploads/{upload.id}", f"jobs/{source.id}")))
    clock.advance(2 * HOUR_MS)
    assert retention.sweep() == 0
    board.cancel(reader.id)
    assert retention.sweep() == 2


def test_what_the_disk_does_not_let_go_keeps_nothing_else(
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    clock: ManualClock,
    folder: DataFolder,
) -> None:
    retention = Retention(jobs, upload_rows, board=board, files=uploads, clock=clock)
    stuck, free = (uploads.put(UploadDraft(3, ttl_ms=HOUR_MS), b"abc") for _ in range(2))
    folder.upload(stuck.id).unlink()
    folder.upload(stuck.id).mkdir()  # which unlink refuses, as it does on a disk gone read-only
    clock.advance(HOUR_MS)
    assert retention.sweep() == 1
    assert upload_rows.ids() == {stuck.id}
    assert not folder.upload(free.id).exists()
    folder.upload(stuck.id).rmdir()
    assert retention.sweep() == 1


def test_room_reserved_and_not_used_is_free_again_soon(
    board: Board,
    jobs: MemoryJobs,
    uploads: Uploads,
    upload_rows: MemoryUploads,
    clock: ManualClock,
) -> None:
    retention = Retention(jobs, upload_rows, board=board, files=uploads, clock=clock)
    for _ in range(2):
        uploads.create(UploadDraft(1000))
    with pytest.raises(UploadQuotaExceeded) as caught:
        uploads.create(UploadDraft(1000))
    clock.advance(caught.value.retry_after_s * 1000)
    assert retention.sweep() == 2
    assert uploads.create(UploadDraft(1000)).committed_bytes == 0
