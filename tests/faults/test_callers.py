"""Callers that repeat, break off, crawl, flood or forget to read."""

import hashlib
import resource
import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from polycue.api.v1 import artifacts_pb2, catalog_pb2, jobs_pb2, media_pb2, uploads_pb2
from polycue.api.v1.artifacts_pb2_grpc import ArtifactServiceStub
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue_client import Polycue, connect
from polycue_client.wire.raised import from_rpc
from support.aftermath import Aftermath
from support.fleet import PATIENT, Fleet, Server
from support.memory import peak_bytes, resident_bytes
from support.served import Wire
from support.stepped_server import Film
from support.steps import Director

WAIT_S = 60
MIB = 1024 * 1024


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet.server("--upload-idle-s=0.5", "--heartbeat-s=0.5").start()


def spec_of(polycue: Polycue, film: Path) -> jobs_pb2.JobSpec:
    source = media_pb2.MediaSource(upload=polycue.upload(film).name)
    task = jobs_pb2.SubtitleTask(
        media=source, formats=[media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_VTT]
    )
    return jobs_pb2.JobSpec(subtitle=task)


@pytest.mark.short
def test_a_request_that_comes_fifty_times_at_once_makes_one_job(
    server: Server, fleet: Fleet, aftermath: Aftermath
) -> None:
    film = Film("a", 2)
    with server.client() as polycue, grpc.insecure_channel(server.address) as channel:
        request = jobs_pb2.CreateJobRequest(
            spec=spec_of(polycue, film.write(fleet.folder)), request_id=str(uuid.uuid4())
        )
        stub = JobServiceStub(channel)
        with ThreadPoolExecutor(50) as pool:
            made = list(pool.map(lambda _: stub.CreateJob(request).job.name, range(50)))
        assert len(set(made)) == 1
        polycue.get_job(aftermath.expect(jobs_pb2.Job(name=made[0]), film).name)
        request.spec.subtitle.formats.pop()
        with pytest.raises(grpc.RpcError) as refused:
            stub.CreateJob(request)
        assert from_rpc(refused.value).reason == "REQUEST_ID_REUSED"
    aftermath.check(server)


def test_an_upload_that_is_cut_at_any_byte_arrives_whole(
    server: Server, tmp_path: Path, aftermath: Aftermath
) -> None:
    film = tmp_path / "noise.mkv"
    film.write_bytes(hashlib.shake_256(b"noise").digest(3 * MIB))
    cuts = [100, 60_000, 300_000, 700_000, 1_100_000, 500_000]
    with Wire(server.address, *cuts) as wire, connect(wire.address, retry=PATIENT) as polycue:
        upload = polycue.upload(film)
        assert wire.connections > len(cuts)
    assert upload.sha256 == hashlib.sha256(film.read_bytes()).digest()
    aftermath.check(server)


def test_an_upload_goes_on_with_a_server_that_was_killed_under_it(
    server: Server, tmp_path: Path, aftermath: Aftermath
) -> None:
    film = tmp_path / "noise.mkv"
    film.write_bytes(hashlib.shake_256(b"noise").digest(8 * MIB))
    killed: list[int] = []

    def kill_at(done: int, total: int) -> None:
        if not killed and done >= total // 2:
            killed.append(done)
            server.kill()
            server.start()

    with server.client() as polycue:
        upload = polycue.upload(film, progress=kill_at)
    assert killed
    assert upload.sha256 == hashlib.sha256(film.read_bytes()).digest()
    aftermath.check(server)


@pytest.mark.short
def test_an_upload_that_stalls_or_crawls_is_ended_and_can_go_on(
    server: Server, tmp_path: Path, aftermath: Aftermath
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"moving pictures")
    with grpc.insecure_channel(server.address) as channel, server.client() as polycue:
        stub = UploadServiceStub(channel)
        upload = stub.CreateUpload(
            uploads_pb2.CreateUploadRequest(size_bytes=film.stat().st_size, filename="film.mkv")
        ).upload

        def stalled() -> int:
            """What is there of it once a call that went silent was ended."""
            over = threading.Event()

            def crawl() -> Iterator[uploads_pb2.WriteUploadRequest]:
                yield uploads_pb2.WriteUploadRequest(name=upload.name, data=b"m")
                over.wait(WAIT_S)

            with pytest.raises(grpc.RpcError) as ended:
                stub.WriteUpload(crawl())
            over.set()
            assert from_rpc(ended.value).reason == "TRANSFER_STALLED"
            found = stub.GetUpload(uploads_pb2.GetUploadRequest(name=upload.name)).upload
            return found.committed_bytes

        while not stalled():  # on a slow machine, the first byte may have come too late as well
            pass
        polycue.server_info()
    aftermath.check(server)


def test_ten_thousand_connections_do_not_keep_a_caller_out(
    server: Server, aftermath: Aftermath
) -> None:
    """As many as this process may open; none of them says a word."""
    before = resident_bytes(server.pid)
    silent: list[socket.socket] = []
    host, _, port = server.address.rpartition(":")
    try:
        for _ in range(open_files_left(10_000)):
            silent.append(socket.create_connection((host, int(port)), timeout=WAIT_S))
    finally:
        with server.client() as polycue:
            polycue.server_info()
        for one in silent:
            one.close()
    assert len(silent) >= 500
    assert resident_bytes(server.pid) - before < len(silent) * 64 * 1024
    aftermath.check(server)


def open_files_left(wanted: int) -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(wanted, most - 500)


@pytest.mark.short
@pytest.mark.parametrize("compressed", [False, True])
def test_a_message_over_the_limit_costs_no_memory(
    server: Server, aftermath: Aftermath, compressed: bool
) -> None:
    """Plain it is not read, and a bomb of gzip is not unpacked."""
    how = grpc.Compression.Gzip if compressed else grpc.Compression.NoCompression
    request = jobs_pb2.CreateJobRequest()
    request.spec.subtitle.media.content = bytes(64 * MIB)
    with grpc.insecure_channel(server.address) as channel:
        CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())
        before = peak_bytes(server.pid)
        for _ in range(3):
            with pytest.raises(grpc.RpcError) as refused:
                JobServiceStub(channel).CreateJob(request, compression=how)
            assert from_rpc(refused.value).status == "RESOURCE_EXHAUSTED"
        assert peak_bytes(server.pid) - before < 20 * MIB  # what gRPC buffers of a stream, once
    aftermath.check(server)


def test_a_reader_that_does_not_read_is_no_burden(
    server: Server, tmp_path: Path, fleet: Fleet, aftermath: Aftermath
) -> None:
    """Sixteen downloads of a large copy of the film, of which nobody takes more than a message."""
    film = tmp_path / "a.mkv"
    film.write_bytes(b'{"name": "a", "chunks": 1}' + b" " * 32 * MIB)
    with server.client() as polycue, grpc.insecure_channel(server.address) as channel:
        job = polycue.subtitle(film, formats=["srt", "vtt"], mux=["mkv"])
        job = polycue.wait(aftermath.expect(job, Film("a", 1)))
        copy = max(job.artifacts, key=lambda artifact: artifact.size_bytes)
        before = resident_bytes(server.pid)
        calls = [
            ArtifactServiceStub(channel).ReadArtifact(
                artifacts_pb2.ReadArtifactRequest(name=copy.name)
            )
            for _ in range(16)
        ]
        for call in calls:
            next(iter(call))
        polycue.server_info()
        assert resident_bytes(server.pid) - before < 16 * 16 * MIB
        for call in calls:
            call.cancel()
        polycue.delete(job)
        del aftermath.films[job.name]
    aftermath.check(server)


@pytest.mark.short
def test_a_watch_that_ends_at_its_deadline_goes_on_and_misses_nothing(
    server: Server, director: Director, aftermath: Aftermath
) -> None:
    with server.client() as polycue, grpc.insecure_channel(server.address) as channel:
        held = director.hold("chunk", "a", 3)
        job = aftermath.create(polycue, Film("a", 6))
        request = jobs_pb2.WatchJobRequest(name=job.name, include_cues=True)
        seen: list[int] = []

        def follow(timeout: float | None) -> None:
            for event in JobServiceStub(channel).WatchJob(request, timeout=timeout):
                request.after_sequence = event.sequence
                seen.extend(cue.index for cue in event.cues.cues)

        while len(seen) < 3:  # a slow machine may not come so far by the first deadline
            with pytest.raises(grpc.RpcError) as ended:
                follow(1)
            assert from_rpc(ended.value).status == "DEADLINE_EXCEEDED"
        assert seen == [1, 2, 3]
        held.wait()
        held.let_go()
        follow(None)
    assert seen == [1, 2, 3, 4, 5, 6]
    aftermath.check(server)
