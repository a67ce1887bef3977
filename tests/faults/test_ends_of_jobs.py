"""Jobs that somebody stops or removes, at whatever stage."""

import threading

import grpc
import pytest

from polycue.api.v1 import artifacts_pb2
from polycue.api.v1.artifacts_pb2_grpc import ArtifactServiceStub
from polycue_client import errors
from support.aftermath import Aftermath
from support.fleet import Fleet, Server
from support.stepped_server import Film
from support.steps import Director

MIB = 1024 * 1024


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet.server("--max-running-jobs=1").start()


@pytest.mark.short
@pytest.mark.parametrize("step", ["begin", "chunk", "writing"])
def test_a_cancel_is_heard_at_every_stage(
    server: Server, director: Director, aftermath: Aftermath, step: str
) -> None:
    with server.client() as polycue:
        held = director.hold(step, "a")
        job = aftermath.create(polycue, Film("a", 3))
        other = aftermath.create(polycue, Film("b", 3))
        held.wait()
        polycue.cancel(job)
        polycue.wait(other)
        aftermath.check(server, failed={job.name: "CANCELLED"})
        held.let_go()


@pytest.mark.short
def test_a_cancelled_job_that_is_resumed_does_not_repeat_itself(
    server: Server, director: Director, aftermath: Aftermath
) -> None:
    with server.client() as polycue:
        held = director.hold("chunk", "a", 2)
        job = aftermath.create(polycue, Film("a", 5))
        held.wait()
        polycue.cancel(job)
        with pytest.raises(errors.JobCancelled):
            polycue.wait(job)
        held.let_go()
        polycue.resume(job)
        aftermath.check(server)
    assert director.count("chunk", "a") == {0: 1, 1: 1, 2: 2, 3: 1, 4: 1}


def test_a_watcher_who_goes_away_stops_nothing(
    server: Server, director: Director, aftermath: Aftermath
) -> None:
    with server.client() as polycue:
        held = director.hold("chunk", "a", 2)
        job = aftermath.create(polycue, Film("a", 4))
        with server.client() as watcher:
            for _ in watcher.watch(job):
                break
        held.wait()
        held.let_go()
    aftermath.check(server)


@pytest.mark.parametrize("state", ["waiting", "running", "done"])
def test_a_job_can_be_deleted_in_every_state(
    server: Server, director: Director, aftermath: Aftermath, fleet: Fleet, state: str
) -> None:
    with server.client() as polycue:
        held = director.hold("chunk", "running", 1)
        running = aftermath.create(polycue, Film("running", 3))
        held.wait()
        waiting = aftermath.create(polycue, Film("waiting", 3))
        job = running
        if state == "waiting":
            job = waiting
        if state == "done":
            held.let_go()
            polycue.wait(running)
        aftermath.delete(polycue, job)
        with pytest.raises(errors.NotFound):
            polycue.get_job(job.name)
        held.let_go()
        aftermath.check(server)
        folder = fleet.data / "jobs" / job.name.removeprefix("jobs/")
        assert not list(folder.rglob("*.srt"))


def test_a_result_that_is_removed_while_it_is_read_comes_whole_or_ends_cleanly(
    server: Server, aftermath: Aftermath, fleet: Fleet
) -> None:
    film = fleet.folder / "a.mkv"
    film.write_bytes(b'{"name": "a", "chunks": 1}' + b" " * 8 * MIB)
    with server.client() as polycue, grpc.insecure_channel(server.address) as channel:
        job = polycue.wait(polycue.subtitle(film, formats=["srt", "vtt"], mux=["mkv"]))
        copy = max(job.artifacts, key=lambda artifact: artifact.size_bytes)
        request = artifacts_pb2.ReadArtifactRequest(name=copy.name)
        call = ArtifactServiceStub(channel).ReadArtifact(request)
        got, started = bytearray(), threading.Event()
        try:
            for message in call:
                got += message.data
                if not started.is_set():
                    started.set()
                    polycue.delete(job)
        except grpc.RpcError:
            assert call.code() in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.DATA_LOSS}
        else:
            assert len(got) == copy.size_bytes
    aftermath.check(server)
