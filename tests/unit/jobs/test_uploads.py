import hashlib
import os
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.domain.errors import (
    ChecksumMismatch,
    LimitExceeded,
    NotFound,
    StorageUnavailable,
    UploadIncomplete,
    WriteOffsetMismatch,
)
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.protocol import Files
from polycue.jobs.folder import DataFolder
from polycue.jobs.upload import Upload
from polycue.jobs.uploads import UploadDraft, UploadLimits, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import MemoryUploads

WE = "local"
DATA = bytes(range(200))


def content(files: Files, upload: Upload) -> bytes:
    with closing(files.open(upload.parts)) as reader:
        return reader.read(0, upload.size_bytes)


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def test_bytes_come_back_as_they_came(uploads: Uploads, files: LocalFiles) -> None:
    upload = uploads.create(WE, UploadDraft(200, "a.mkv", sha(DATA)))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:50])
        writer.append(50, DATA[50:])
        done = writer.finish(200)
    assert done.complete
    assert uploads.complete(WE, upload.id) == done
    assert content(files, done) == DATA


def test_the_hash_is_told_where_none_was_announced(uploads: Uploads) -> None:
    upload = uploads.put(WE, UploadDraft(200), DATA)
    assert upload.sha256 == sha(DATA)


def test_a_piece_that_does_not_follow_is_refused_and_told_where_to_go_on(uploads: Uploads) -> None:
    upload = uploads.create(WE, UploadDraft(200))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:50])
        for offset in (0, 49, 51, 200):
            with pytest.raises(WriteOffsetMismatch) as caught:
                writer.append(offset, DATA[50:60])
            assert caught.value.committed_bytes == 50
            assert uploads.get(WE, upload.id).committed_bytes == 50
        writer.append(50, DATA[50:])
        assert writer.finish(200).sha256 == sha(DATA)


def test_an_upload_cannot_be_used_before_it_is_finished(uploads: Uploads) -> None:
    upload = uploads.create(WE, UploadDraft(200))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:50])
        with pytest.raises(UploadIncomplete):
            writer.finish(50)
    with pytest.raises(UploadIncomplete) as caught:
        uploads.complete(WE, upload.id)
    assert (caught.value.committed_bytes, caught.value.size_bytes) == (50, 200)


def test_wrong_bytes_empty_the_upload_and_it_can_start_again(uploads: Uploads) -> None:
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, bytes(200))
        with pytest.raises(ChecksumMismatch):
            writer.finish(200)
    assert uploads.get(WE, upload.id).committed_bytes == 0
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA)
        assert writer.finish(200).complete


def test_finishing_twice_changes_nothing(uploads: Uploads, files: LocalFiles) -> None:
    upload = uploads.put(WE, UploadDraft(200), DATA)
    with uploads.writer(WE, upload.id) as writer:
        assert writer.finish(200).complete
        with pytest.raises(LimitExceeded):
            writer.append(200, b"more")
    assert content(files, uploads.complete(WE, upload.id)) == DATA


def test_more_than_was_announced_is_refused(uploads: Uploads) -> None:
    upload = uploads.create(WE, UploadDraft(100))
    with uploads.writer(WE, upload.id) as writer, pytest.raises(LimitExceeded) as caught:
        writer.append(0, DATA)
    assert (caught.value.field, caught.value.limit) == ("data", 100)


def test_two_calls_on_one_upload_never_overwrite(uploads: Uploads) -> None:
    # The second call comes back before the server noticed that the first is dead.
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with uploads.writer(WE, upload.id) as late, uploads.writer(WE, upload.id) as new:
        late.append(0, DATA[:80])
        new.append(80, DATA[80:120])
        with pytest.raises(WriteOffsetMismatch):
            late.append(80, b"x" * 40)
        new.append(120, DATA[120:])
        assert new.finish(200).complete


def test_a_deleted_upload_is_gone_even_for_its_writer(uploads: Uploads) -> None:
    upload = uploads.create(WE, UploadDraft(200))
    writer = uploads.writer(WE, upload.id)
    writer.append(0, DATA[:50])
    writer.append(50, DATA[50:])
    uploads.delete(WE, upload.id)
    with pytest.raises(NotFound):
        writer.finish(200)
    with pytest.raises(NotFound):
        writer.close()
    with pytest.raises(NotFound):
        uploads.writer(WE, upload.id)


def test_an_upload_above_the_limit_is_refused(uploads: Uploads) -> None:
    with pytest.raises(LimitExceeded) as caught:
        uploads.create(WE, UploadDraft(1001))
    assert caught.value.field == "size_bytes"


def test_time_to_live_counts_from_the_last_bytes(uploads: Uploads, clock: ManualClock) -> None:
    upload = uploads.create(WE, UploadDraft(200, ttl_ms=1000))
    assert upload.expires_ms == clock() + 1000
    clock.advance(900)
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA)
    assert uploads.get(WE, upload.id).expires_ms == clock() + 1000


def test_a_caller_cannot_ask_for_more_time_than_there_is(
    uploads: Uploads, clock: ManualClock
) -> None:
    day_ms = 24 * 60 * 60 * 1000
    assert uploads.put(WE, UploadDraft(1, ttl_ms=2 * day_ms), b"x").expires_ms == clock() + day_ms


def test_an_upload_without_a_byte_lasts_ten_minutes_and_with_one_its_whole_time(
    uploads: Uploads, clock: ManualClock
) -> None:
    ten_minutes_ms, day_ms = 10 * 60 * 1000, 24 * 60 * 60 * 1000
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    assert upload.expires_ms == clock() + ten_minutes_ms
    clock.advance(ten_minutes_ms - 1)
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:1])  # a slow client's first byte, while its call goes on
        assert uploads.get(WE, upload.id).expires_ms == clock() + day_ms
        writer.append(1, bytes(199))
        with pytest.raises(ChecksumMismatch):
            writer.finish(200)
    assert uploads.get(WE, upload.id).expires_ms == clock() + ten_minutes_ms


def test_bytes_behind_the_committed_ones_are_cut_off(uploads: Uploads, folder: DataFolder) -> None:
    # A power cut may leave bytes that were never synced, or zeros where they should be.
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:100])
    (path,) = (folder.root / "uploads" / upload.id).iterdir()
    with path.open("ab") as file:
        file.write(b"\0" * 60)
    with uploads.writer(WE, upload.id) as writer:
        writer.append(100, DATA[100:])
        assert writer.finish(200).complete


def test_a_failing_disk_leaves_what_was_committed(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA[:100])
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", _raise(OSError(5, "Input/output error")))
            with pytest.raises(StorageUnavailable, match="Input/output"):
                writer.append(100, DATA[100:])
        writer.append(100, DATA[100:])
        assert writer.finish(200).complete


def _raise(error: OSError) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise error

    return fail


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.binary(min_size=1, max_size=300),
    cuts=st.lists(st.integers(0, 300), max_size=8),
    again=st.booleans(),
)
def test_an_upload_cut_anywhere_is_taken_up_without_loss(
    files: LocalFiles, data: bytes, cuts: list[int], again: bool
) -> None:
    rows, clock = MemoryUploads(), ManualClock()
    limits = UploadLimits(1000, 100_000, 1000)
    uploads = Uploads(rows, files, clock=clock, limits=limits)
    upload = uploads.create(WE, UploadDraft(len(data), sha256=sha(data)))
    for cut in [*sorted(cuts), len(data)]:
        if again:  # as after a restart: nothing is remembered but what the store knows
            uploads = Uploads(rows, files, clock=clock, limits=limits)
        offset = uploads.get(WE, upload.id).committed_bytes
        with uploads.writer(WE, upload.id) as writer:
            writer.append(offset, data[offset:cut])
    with uploads.writer(WE, upload.id) as writer:
        writer.finish(len(data))
    assert content(files, uploads.complete(WE, upload.id)) == data
