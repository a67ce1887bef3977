"""What a bucket alone can do to its servers: be slow, be gone, be full, be somebody else's."""

import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import s3fs

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, StorageUnavailable, StoreUnusable
from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Part
from polycue.jobs.files.timed import TimedFiles
from polycue.jobs.job import new_id
from support.buckets import BUCKET, s3_server
from support.counted import Counted
from support.stalling import stalling

LIVE = CancelToken()
MIB = 1024 * 1024


@pytest.fixture
def own_endpoint(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """A server of the test's own, gone when the test begins; the port it was on."""
    with s3_server() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    return _port_of(endpoint)


def test_a_large_file_goes_in_parts_and_comes_back(
    bucket_files: BucketFiles, tmp_path: Path
) -> None:
    data = bytes(range(256)) * (40 * MIB // 256)
    (tmp_path / "film.mkv").write_bytes(data)
    bucket_files.put("jobs/j/1/film.mkv", tmp_path / "film.mkv", cancel=LIVE)
    parts = (Part("jobs/j/1/film.mkv", len(data)),)
    bucket_files.bring(parts, tmp_path / "back.mkv", cancel=LIVE)
    assert (tmp_path / "back.mkv").read_bytes() == data
    with closing(bucket_files.open(parts)) as reader:
        assert reader.read(39 * MIB + 7, MIB) == data[39 * MIB + 7 :]


def test_pieces_of_an_upload_wait_in_memory_up_to_a_size(bucket_files: BucketFiles) -> None:
    with closing(bucket_files.grow("uploads/u", ())) as growth:
        for _ in range(7):
            growth.append(bytes(MIB))
            assert not growth.due
        growth.append(bytes(MIB))
        assert growth.due
        (part,) = growth.keep()
    assert part.size_bytes == 8 * MIB


def test_two_servers_never_write_the_same_object(bucket_files: BucketFiles) -> None:
    with (
        closing(bucket_files.grow("uploads/u", ())) as late,
        closing(bucket_files.grow("uploads/u", ())) as new,
    ):
        late.append(b"late")
        new.append(b"new!")
        (ours,), (theirs,) = new.keep(), late.keep()
    assert ours.key != theirs.key
    bucket_files.prune("uploads/u", (ours,))
    with closing(bucket_files.open((ours,))) as reader:
        assert reader.read(0, 10) == b"new!"


def test_two_databases_never_share_a_place(bucket_files: BucketFiles, objects: Objects) -> None:
    bucket_files.claim("ours")
    bucket_files.claim("ours")
    with pytest.raises(StoreUnusable, match="its own prefix"):
        bucket_files.claim("theirs")
    assert list(bucket_files.shelves()) == []


def test_who_has_been_cancelled_keeps_and_brings_nothing(
    bucket_files: BucketFiles, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    bucket_files.put("jobs/j/1/a", tmp_path / "a", cancel=LIVE)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bucket_files.bring((Part("jobs/j/1/a", 3),), tmp_path / "b", cancel=token)
    with pytest.raises(Cancelled):
        bucket_files.put("jobs/j/1/b", tmp_path / "a", cancel=token)


@pytest.fixture
def large_film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    path.write_bytes(bytes(40 * MIB))
    return path


def test_what_was_sent_of_a_cancelled_file_is_removed_again(
    s3_endpoint: str, large_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left behind: s3fs's own parts went on by themselves, and died with an error."""
    token = CancelToken()
    with stalling(_port_of(s3_endpoint), 20 * MIB, token.cancel) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", way.address)
        with closing(Objects(retry_pauses_s=(0.1,) * 100)) as objects:
            files = BucketFiles(objects, f"{BUCKET}/{new_id()}")
            with pytest.raises(Cancelled):
                files.put("jobs/j/1/film.mkv", large_film, cancel=token)
            assert list(files.shelves()) == []
    assert "Uploads" not in _uploads_at(s3_endpoint)


def test_a_large_file_is_sent_anew_when_the_way_to_the_store_goes_dead(
    s3_endpoint: str, large_film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stalling(_port_of(s3_endpoint), 20 * MIB, lambda: None) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", way.address)
        with closing(Objects(retry_pauses_s=(0.1,) * 100)) as objects:
            files = BucketFiles(objects, f"{BUCKET}/{new_id()}")
            files.put("jobs/j/1/film.mkv", large_film, cancel=LIVE)
            with closing(files.open((Part("jobs/j/1/film.mkv", 40 * MIB),))) as reader:
                assert reader.read(40 * MIB - 1, 10) == b"\0"
    assert "Uploads" not in _uploads_at(s3_endpoint)


def _port_of(endpoint: str) -> int:
    return int(endpoint.rpartition(":")[2])


def _uploads_at(endpoint: str) -> dict[str, object]:
    store = s3fs.S3FileSystem(endpoint_url=endpoint, skip_instance_cache=True)
    found: dict[str, object] = store.call_s3("list_multipart_uploads", Bucket=BUCKET)
    return found


def test_a_store_that_is_gone_is_told_after_some_tries(own_endpoint: int) -> None:
    counted = Counted()
    with closing(Objects(retry_pauses_s=(0, 0))) as objects:
        files = TimedFiles(BucketFiles(objects, BUCKET), "bucket")
        with pytest.raises(StorageUnavailable, match="does not answer") as caught:
            files.remove("jobs/j")
        assert str(own_endpoint) not in str(caught.value)
        assert counted("store_retries_total", store="bucket") == 2
        assert counted("store_failures_total", store="bucket", reason="unavailable") == 1
        growth = files.grow("uploads/u", ())
        growth.append(b"abc")
        with pytest.raises(StorageUnavailable):
            growth.keep()


def test_a_store_that_comes_back_in_time_is_not_noticed(own_endpoint: int, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with ExitStack() as stack:
        objects = stack.enter_context(closing(Objects(retry_pauses_s=(0,))))
        files = BucketFiles(objects, f"{BUCKET}/{new_id()}")

        class Back(CancelToken):
            """Looked at when a try has failed."""

            back = False

            def check(self) -> None:
                if not self.back:
                    stack.enter_context(s3_server(own_endpoint))
                self.back = True

        files.put("jobs/j/1/a", tmp_path / "a", cancel=Back())
        assert list(files.shelves()) == ["jobs/j"]


def test_a_cancel_ends_the_wait_for_a_store_that_is_gone(own_endpoint: int, tmp_path: Path) -> None:
    token = CancelToken()
    with closing(Objects(retry_pauses_s=(600,))) as objects:
        files = BucketFiles(objects, BUCKET)
        threading.Thread(target=token.cancel).start()
        with pytest.raises(Cancelled):
            files.bring((Part("jobs/j/1/a", 3),), tmp_path / "b", cancel=token)


def test_a_bucket_that_is_not_there_is_told_at_once(s3_endpoint: str) -> None:
    with (
        closing(Objects(retry_pauses_s=(600,))) as objects,
        pytest.raises(StorageUnavailable, match="NoSuchBucket"),
    ):
        list(BucketFiles(objects, "nobodys-bucket/x").shelves())
