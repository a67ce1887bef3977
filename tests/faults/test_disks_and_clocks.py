"""What the machine does to a server: a disk that is full or fails, a file that is held, a clock."""

import sqlite3
import subprocess
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import grpc
import pytest

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue_client import Retry, errors, requests
from polycue_client.wire.raised import from_rpc
from support import health
from support.aftermath import FORMATS, Aftermath
from support.fleet import Fleet
from support.stepped_server import CLOCK, Film
from support.steps import Director

MIB = 1024 * 1024
HOUR_S = 3600
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def small_disk(fleet: Fleet) -> Iterator[Path]:
    """The servers' folder on a disk of 8 MiB."""
    fleet.data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", str(fleet.data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield fleet.data
    finally:
        fleet.end()
        subprocess.run(["umount", fleet.data], check=True)


def fill(disk: Path) -> Path:
    """Take every byte that is left."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size_bytes in (MIB, 4096, 512, 1):
            with suppress(OSError):
                while file.write(bytes(size_bytes)):
                    pass
    return ballast


@ON_SQLITE
def test_an_upload_that_finds_no_room_is_refused_and_goes_on_when_there_is(
    small_disk: Path, fleet: Fleet, aftermath: Aftermath, tmp_path: Path
) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(bytes(2 * MIB))
    server = fleet.server().start()
    ballast = fill(small_disk)
    with (
        server.client(Retry(attempts=1)) as polycue,
        pytest.raises(errors.ResourceExhausted) as full,
    ):
        polycue.upload(film)
    assert full.value.reason == "STORAGE_FULL"
    assert full.value.retry_after_s
    for service in ("UploadService", "JobService"):
        health.wait_for(server, service, health.NOT_SERVING)
    assert health.status(server, "ArtifactService") == health.SERVING
    ballast.unlink()
    for service in ("UploadService", "JobService"):
        health.wait_for(server, service, health.SERVING)
    with server.client() as polycue:
        polycue.upload(film)
        aftermath.create(polycue, Film("a", 2))
    aftermath.check(server)


@ON_SQLITE
@pytest.mark.parametrize("step", ["chunk", "writing"])
def test_a_job_that_finds_no_room_waits_for_it_and_loses_nothing(
    small_disk: Path, fleet: Fleet, director: Director, aftermath: Aftermath, step: str
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        held = director.hold(step, "a", 2 if step == "chunk" else 0)
        job = aftermath.create(polycue, Film("a", 5))
        held.wait()
        ballast = fill(small_disk)
        held.let_go()
        server.says("a job's end cannot be stored")  # not even that it waits can be written down
        ballast.unlink()
        polycue.wait(job)
    aftermath.check(server)
    assert aftermath.redone() <= 1


def test_a_disk_that_fails_ends_a_job_with_a_reason_after_a_few_tries(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    director.answer("EIO", "move", "a.en.srt", times=100)
    with server.client() as polycue:
        other = aftermath.create(polycue, Film("b", 2))
        job = aftermath.create(polycue, Film("a", 2))
        with pytest.raises(errors.PolycueClientError) as failure:
            polycue.wait(job)
        polycue.wait(other)
    assert failure.value.reason in {"UNWRITABLE", "STORAGE_UNAVAILABLE"}
    assert director.count("begin", "a")[0] <= 6
    aftermath.check(server, failed={job.name: failure.value.reason})


@ON_SQLITE
def test_a_store_that_another_program_holds_is_waited_for(
    fleet: Fleet, aftermath: Aftermath
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        upload = polycue.upload(Film("a", 2).write(fleet.folder))
        begun = threading.Event()

        def create() -> None:
            begun.set()
            aftermath.queue(polycue, upload.name, Film("a", 2))

        creating = threading.Thread(target=create)
        with closing(sqlite3.connect(fleet.data / "jobs.sqlite", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            creating.start()
            begun.wait()
            creating.join(2)
            assert creating.is_alive()
            holder.execute("ROLLBACK")
        creating.join()
    aftermath.check(server)


@ON_SQLITE
def test_a_store_that_is_held_for_too_long_is_told_and_nothing_is_lost(
    fleet: Fleet, aftermath: Aftermath
) -> None:
    """Whether the first try was stored after all its caller cannot know; the request id does."""
    film = Film("a", 2)
    server = fleet.server().start()
    with (
        server.client() as polycue,
        grpc.insecure_channel(server.address) as channel,
        closing(sqlite3.connect(fleet.data / "jobs.sqlite", isolation_level=None)) as holder,
    ):
        source = media_pb2.MediaSource(upload=polycue.upload(film.write(fleet.folder)).name)
        spec = requests.subtitle_spec(source, formats=[form.value for form in FORMATS])
        request = jobs_pb2.CreateJobRequest(spec=spec, request_id=str(uuid.uuid4()), fresh=True)
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(grpc.RpcError) as refused:
            JobServiceStub(channel).CreateJob(request, timeout=60)
        holder.execute("ROLLBACK")
        assert from_rpc(refused.value).status == "UNAVAILABLE"
        aftermath.expect(JobServiceStub(channel).CreateJob(request).job, film)
    aftermath.check(server)


@pytest.mark.parametrize("wrong_s", [HOUR_S, -HOUR_S])
def test_a_clock_that_jumps_runs_nothing_twice_and_expires_nothing(
    fleet: Fleet, director: Director, aftermath: Aftermath, tmp_path: Path, wrong_s: int
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("0")
    server = fleet.server("--max-running-jobs=1").start(**{CLOCK: str(clock)})
    with server.client() as polycue:
        polycue.wait(aftermath.create(polycue, Film("before", 2)))
        held = director.hold("chunk", "a", 2)
        aftermath.create(polycue, Film("a", 5))
        held.wait()
        clock.write_text(str(wrong_s))
        held.let_go()
        aftermath.create(polycue, Film("after", 2))
        aftermath.check(server)
    assert aftermath.redone() == 0
