"""Uploads and results over both places that keep bytes, on one server and on two."""

import hashlib
from collections.abc import Sequence
from contextlib import closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.domain.errors import ChecksumMismatch, UploadIncomplete, WriteOffsetMismatch
from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.protocol import Files, Part
from polycue.jobs.upload import Upload
from polycue.jobs.uploads import UploadDraft, UploadLimits, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import MemoryUploads

WE = "local"
DATA = bytes(range(200))


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def server(rows: MemoryUploads, files: Files) -> Uploads:
    return Uploads(rows, files, clock=ManualClock(), limits=UploadLimits(1000, 100_000, 1000))


def content(files: Files, upload: Upload) -> bytes:
    with closing(files.open(upload.parts)) as reader:
        data = b""
        while more := reader.read(len(data), 1000):
            data += more
        return data


def send(uploads: Uploads, upload: Upload, data: bytes) -> None:
    offset = uploads.get(WE, upload.id).committed_bytes
    with uploads.writer(WE, upload.id) as writer:
        writer.append(offset, data[offset:])


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.binary(min_size=1, max_size=300),
    cuts=st.lists(st.integers(0, 300), max_size=5),
    restarts=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_an_upload_cut_anywhere_goes_on_after_a_restart(
    files: Files, data: bytes, cuts: list[int], restarts: Sequence[bool]
) -> None:
    rows = MemoryUploads()
    uploads = server(rows, files)
    upload = uploads.create(WE, UploadDraft(len(data), sha256=sha(data)))
    for cut, restart in zip([*sorted(cuts), len(data)], restarts, strict=False):
        if restart:  # nothing is remembered but what the store knows
            uploads = server(rows, files)
        send(uploads, upload, data[:cut])
    with uploads.writer(WE, upload.id) as writer:
        done = writer.finish(len(data))
    assert content(files, done) == data


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    data=st.binary(min_size=1, max_size=200),
    turns=st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=12),
)
def test_two_servers_that_share_a_bucket_never_spoil_an_upload(
    bucket_files: BucketFiles, data: bytes, turns: list[tuple[bool, int]]
) -> None:
    """Each keeps its call open throughout, as one does whose client has long gone elsewhere."""
    rows = MemoryUploads()
    one, two = server(rows, bucket_files), server(rows, bucket_files)
    upload = one.create(WE, UploadDraft(len(data), sha256=sha(data)))
    with one.writer(WE, upload.id) as ours, two.writer(WE, upload.id) as theirs:
        for first, size_bytes in turns:
            writer = ours if first else theirs
            offset = rows.get(WE, upload.id).committed_bytes
            with suppress(WriteOffsetMismatch):
                writer.append(offset, data[offset : offset + size_bytes])
                writer.commit()
    three = server(rows, bucket_files)
    send(three, upload, data)
    with three.writer(WE, upload.id) as writer:
        assert content(bucket_files, writer.finish(len(data))) == data


def test_a_late_call_on_another_server_is_told_where_the_upload_is(
    bucket_files: BucketFiles,
) -> None:
    rows = MemoryUploads()
    one, two = server(rows, bucket_files), server(rows, bucket_files)
    upload = one.create(WE, UploadDraft(200, sha256=sha(DATA)))
    late = one.writer(WE, upload.id)
    late.append(0, DATA[:50])
    late.append(50, DATA[50:70])  # of which nothing is kept yet
    with two.writer(WE, upload.id) as new:
        new.append(50, DATA[50:])
        done = new.finish(200)
    with pytest.raises(WriteOffsetMismatch) as caught:
        late.close()
    assert caught.value.committed_bytes == 200
    assert content(bucket_files, done) == DATA


def test_wrong_bytes_leave_nothing_behind(files: Files) -> None:
    uploads = server(MemoryUploads(), files)
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, bytes(200))
        kept = writer.commit().parts
        with pytest.raises(ChecksumMismatch):
            writer.finish(200)
        with pytest.raises(FileNotFoundError):
            files.open(kept).read(0, 1)
        with pytest.raises(WriteOffsetMismatch) as caught:
            writer.append(200, DATA)
        assert caught.value.committed_bytes == 0
    with uploads.writer(WE, upload.id) as writer:
        writer.append(0, DATA)
        assert content(files, writer.finish(200)) == DATA


def test_an_upload_in_parts_is_hashed_as_a_whole(files: Files) -> None:
    uploads = server(MemoryUploads(), files)
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    send(uploads, upload, DATA[:120])
    with uploads.writer(WE, upload.id) as writer, pytest.raises(UploadIncomplete):
        writer.finish(120)
    send(uploads, upload, DATA)
    with uploads.writer(WE, upload.id) as writer:
        assert writer.finish(200).sha256 == sha(DATA)


def test_what_a_dead_server_wrote_and_nobody_knows_goes_when_the_upload_is_whole(
    bucket_files: BucketFiles,
) -> None:
    uploads = server(MemoryUploads(), bucket_files)
    upload = uploads.create(WE, UploadDraft(200, sha256=sha(DATA)))
    with closing(bucket_files.grow(f"uploads/{upload.id}", ())) as growth:
        growth.append(b"never written down")
        lost = growth.keep()
    send(uploads, upload, DATA)
    with uploads.writer(WE, upload.id) as writer:
        writer.finish(200)
    with pytest.raises(FileNotFoundError):
        bucket_files.open((Part(lost[0].key, 1),)).read(0, 1)
