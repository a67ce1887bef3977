"""Uploads and downloads, whole and in pieces."""

import hashlib
import os
from pathlib import Path

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.api.v1 import artifacts_pb2, uploads_pb2
from polycue_client import Polycue, errors
from polycue_client.cli.hls import FolderDraft
from polycue_client.drafts import Draft, own_name, told_of, wire_name
from polycue_client.testing import Refusal, ScriptedServer
from polycue_client.transfers import Outgoing

CHUNK_BYTES = 1000


@pytest.fixture
def film(tmp_path: Path, server: ScriptedServer) -> Path:
    server.limits.max_chunk_bytes = CHUNK_BYTES
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(4500))
    return path


def artifact_of(server: ScriptedServer, data: bytes) -> artifacts_pb2.Artifact:
    server.artifacts["jobs/1/artifacts/1"] = data
    return artifacts_pb2.Artifact(
        name="jobs/1/artifacts/1",
        filename="film.en.srt",
        size_bytes=len(data),
        sha256=hashlib.sha256(data).digest(),
    )


def offsets(server: ScriptedServer) -> list[int]:
    requests = server.requests["WriteUpload"]
    return [r.write_offset for r in requests if isinstance(r, uploads_pb2.WriteUploadRequest)]


def test_an_upload_arrives_in_chunks_of_the_servers_size(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    upload = polycue.upload(film)
    assert server.uploads[upload.name] == film.read_bytes()
    assert offsets(server) == [0, 1000, 2000, 3000, 4000]
    *before, last = server.requests["WriteUpload"]
    assert isinstance(last, uploads_pb2.WriteUploadRequest)
    assert last.finish
    assert not any(r.finish for r in before if isinstance(r, uploads_pb2.WriteUploadRequest))


def test_an_upload_that_breaks_goes_on_where_the_server_has_it(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    server.fail("WriteUpload", after=2)
    server.fail("WriteUpload", after=1)
    server.fail("WriteUpload", after=0)
    upload = polycue.upload(film)
    assert server.uploads[upload.name] == film.read_bytes()
    assert offsets(server) == [0, 1000, 2000, 3000, 4000]


def test_an_upload_survives_that_the_server_is_away_when_asked_how_far_it_came(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    server.fail("WriteUpload", after=2)
    for _ in range(5):  # more than grpc tries by itself
        server.fail("GetUpload")
    upload = polycue.upload(film)
    assert server.uploads[upload.name] == film.read_bytes()


def test_a_stalled_upload_goes_on(polycue: Polycue, server: ScriptedServer, film: Path) -> None:
    stalled = Refusal(grpc.StatusCode.ABORTED, "idle for 60 s", reason="TRANSFER_STALLED")
    server.fail("WriteUpload", stalled, after=2)
    upload = polycue.upload(film)
    assert server.uploads[upload.name] == film.read_bytes()


def test_an_offset_the_server_refuses_is_asked_for_anew(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    mismatch = Refusal(grpc.StatusCode.ABORTED, "elsewhere", reason="WRITE_OFFSET_MISMATCH")
    server.fail("WriteUpload", mismatch, after=1)
    upload = polycue.upload(film)
    assert server.uploads[upload.name] == film.read_bytes()


def test_an_upload_whose_last_answer_was_lost_is_done(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    server.fail("WriteUpload", after=5)  # all five chunks arrive, then the connection breaks
    upload = polycue.upload(film)
    assert upload.state == uploads_pb2.UPLOAD_STATE_COMPLETE
    assert len(server.requests["WriteUpload"]) == 5


def test_an_upload_gives_up_when_the_server_stays_away(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    for _ in range(20):
        server.fail("WriteUpload", after=0)
    with pytest.raises(errors.ServerUnreachable):
        polycue.upload(film)


def test_an_upload_the_server_has_forgotten_is_not_found(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    server.fail("WriteUpload", Refusal(grpc.StatusCode.NOT_FOUND, "purged"), after=1)
    with pytest.raises(errors.NotFound, match="purged"):
        polycue.upload(film)


def test_progress_ends_at_the_whole(polycue: Polycue, film: Path) -> None:
    told: list[tuple[int, int]] = []
    polycue.upload(film, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4500, 4500)
    assert told == sorted(told)


def test_a_damaged_upload_is_noticed(polycue: Polycue, film: Path) -> None:
    outgoing = Outgoing(film, chunk_bytes=CHUNK_BYTES, progress=None)
    list(outgoing.messages("uploads/1", 0))
    damaged = uploads_pb2.Upload(state=uploads_pb2.UPLOAD_STATE_COMPLETE, sha256=b"0" * 32)
    with pytest.raises(errors.ChecksumMismatch):
        outgoing.complete(damaged)


def test_a_file_that_shrinks_under_way_is_an_error_of_the_file(
    polycue: Polycue, server: ScriptedServer, film: Path
) -> None:
    def shrink(done_bytes: int, total_bytes: int) -> None:
        if done_bytes == CHUNK_BYTES:
            os.truncate(film, 2000)

    with pytest.raises(OSError, match="became shorter"):
        polycue.upload(film, progress=shrink)


def test_a_file_that_is_not_there_is_an_error_of_the_file(polycue: Polycue, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        polycue.upload(tmp_path / "none.mp4")


def test_messages_of_a_broken_call_end_when_the_next_begins(film: Path) -> None:
    # grpc's thread may still be reading the first call's messages; two hashing at once would
    # make a wrong sum of a right upload.
    outgoing = Outgoing(film, chunk_bytes=CHUNK_BYTES, progress=None)
    stale = outgoing.messages("uploads/1", 0)
    next(stale)
    assert len(list(outgoing.messages("uploads/1", 1000))) == 4
    assert list(stale) == []
    digest = hashlib.sha256(film.read_bytes()).digest()
    done = uploads_pb2.Upload(state=uploads_pb2.UPLOAD_STATE_COMPLETE, sha256=digest)
    assert outgoing.complete(done)


@given(
    breaks=st.lists(st.integers(min_value=0, max_value=4500), max_size=6), size=st.integers(0, 4500)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_byte_is_hashed_once_wherever_calls_break(
    tmp_path: Path, breaks: list[int], size: int
) -> None:
    path = tmp_path / "film"
    path.write_bytes(bytes(n % 251 for n in range(size)))
    outgoing = Outgoing(path, chunk_bytes=700, progress=None)
    stored = bytearray()
    for stop_at in sorted(breaks):
        for message in outgoing.messages("uploads/1", len(stored)):
            if len(stored) >= stop_at:
                break
            stored += message.data
    for message in outgoing.messages("uploads/1", len(stored)):
        stored += message.data
    digest = hashlib.sha256(stored).digest()
    assert stored == path.read_bytes()
    assert outgoing.complete(
        uploads_pb2.Upload(state=uploads_pb2.UPLOAD_STATE_COMPLETE, sha256=digest)
    )


def test_an_artifact_is_downloaded_whole(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    data = os.urandom(3500)
    path = polycue.download(artifact_of(server, data), tmp_path)
    assert path == tmp_path / "film.en.srt"
    assert path.read_bytes() == data
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.en.srt"]


def test_a_download_that_breaks_goes_on_at_its_offset(
    polycue: Polycue, server: ScriptedServer
) -> None:
    data = os.urandom(3500)
    server.fail("ReadArtifact", after=2)
    server.fail("ReadArtifact", after=0)
    assert polycue.read(artifact_of(server, data)) == data
    asked = server.requests["ReadArtifact"]
    starts = [r.read_offset for r in asked if isinstance(r, artifacts_pb2.ReadArtifactRequest)]
    assert starts == [0, 2000, 2000]


def test_an_empty_artifact_is_an_empty_file(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    assert polycue.download(artifact_of(server, b""), tmp_path).read_bytes() == b""


@pytest.mark.parametrize(
    "sent", [b"x" * 3499, b"x" * 3501, b"y" * 3500], ids=["short", "long", "other"]
)
def test_a_damaged_download_leaves_no_file(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path, sent: bytes
) -> None:
    artifact = artifact_of(server, b"x" * 3500)
    server.artifacts[artifact.name] = sent
    with pytest.raises(errors.ChecksumMismatch):
        polycue.download(artifact, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_download_does_not_replace_a_file_unless_told_to(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    artifact = artifact_of(server, b"new")
    there = tmp_path / "film.en.srt"
    there.write_text("old")
    with pytest.raises(errors.FileExists) as raised:
        polycue.download(artifact, tmp_path)
    assert (raised.value.path, there.read_text()) == (there, "old")
    polycue.download(artifact, tmp_path, overwrite=True)
    assert there.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.en.srt"]


def test_a_downloaded_file_has_the_rights_of_any_new_file(
    polycue: Polycue, server: ScriptedServer, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.touch()
    path = polycue.download(artifact_of(server, b"text"), tmp_path)
    assert path.stat().st_mode == other.stat().st_mode


@pytest.mark.parametrize(
    ("suggested", "name"),
    [
        ("film.en.srt", "film.en.srt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "artifact"),
        ("..", "artifact"),
        (".bashrc", "bashrc"),
        ("a\x1b[2Jb\n.srt", "a[2Jb.srt"),
    ],
    ids=["plain", "unix path", "windows path", "slash", "dots", "hidden", "control characters"],
)
def test_a_suggested_name_never_leaves_its_folder(suggested: str, name: str) -> None:
    assert own_name(suggested) == name


@given(
    st.binary(min_size=1, max_size=255).filter(lambda name: b"/" not in name and b"\0" not in name)
)
def test_any_file_name_becomes_one_the_api_takes(name: bytes) -> None:
    sent = wire_name(Path(os.fsdecode(b"/films/" + name)))
    assert len(sent.encode()) <= 200
    assert sent.isprintable()
    assert "/" not in sent


def test_a_long_file_name_keeps_its_suffix() -> None:
    assert wire_name(Path("é" * 120 + ".mp4")) == "é" * 98 + ".mp4"
    assert wire_name(Path("Mr. Smith goes to Washington")) == "Mr. Smith goes to Washington"


def test_what_cannot_be_written_is_told_by_its_own_name_and_no_hidden_one(tmp_path: Path) -> None:
    absent, taken = tmp_path / "absent" / "a.srt", tmp_path / "taken.srt"
    taken.mkdir()
    with pytest.raises(FileNotFoundError) as unopened:
        Draft(absent)
    with pytest.raises(IsADirectoryError) as unpublished, Draft(taken) as draft:
        draft.publish(overwrite=True)
    with pytest.raises(FileNotFoundError) as unpacked, FolderDraft(absent) as folder:
        folder.unpack()
    told = [each.value.filename for each in (unopened, unpublished, unpacked)]
    assert told == [str(absent), str(taken), str(absent)]
    assert list(tmp_path.iterdir()) == [taken]


def test_a_full_disk_is_told_with_the_file_that_found_it_full(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as full, told_of(tmp_path / "a.srt"):
        Path("/dev/full").write_bytes(b"1")
    assert full.value.filename == str(tmp_path / "a.srt")
