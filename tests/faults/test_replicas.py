"""Several servers that share PostgreSQL and a bucket: one is frozen, stopped, or cut off."""

import threading
from dataclasses import replace

import pytest

from polycue_client import Retry, errors
from support import health
from support.aftermath import Aftermath
from support.fleet import PATIENT, Fleet, Server
from support.postgres import Cluster
from support.replicas import bucket as bucket
from support.replicas import fleet as fleet
from support.replicas import replica
from support.stepped_server import Film
from support.steps import Director


def test_a_server_that_slept_past_its_lease_writes_nothing_any_more(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    servers = {server.pid: server for server in (replica(fleet, n).start() for n in (1, 2))}
    held = director.hold("chunk", "a", 3)
    with next(iter(servers.values())).client() as polycue:
        job = aftermath.create(polycue, Film("a", 6))
    asleep = servers.pop(held.wait().pid)
    (awake,) = servers.values()
    asleep.freeze()
    held.let_go()
    with awake.client() as polycue:
        polycue.wait(job)
    asleep.thaw()
    with asleep.client() as polycue:
        aftermath.create(polycue, Film("b", 3))
    aftermath.check(awake)
    assert director.count("saved", "a") == dict.fromkeys(range(6), 1)


def test_a_rolling_restart_loses_nothing_and_its_watchers_notice_a_pause(
    fleet: Fleet, director: Director, aftermath: Aftermath
) -> None:
    """Watchers are at one server, whose jobs the other takes while it restarts, and back."""
    first, second = (replica(fleet, number).start("--drain-s=2") for number in (1, 2))
    told: dict[str, list[int]] = {name: [] for name in "abcd"}
    slow = [director.hold("chunk", name, 20) for name in "abcd"]
    with first.client() as polycue:
        jobs = {name: aftermath.create(polycue, Film(name, 40)) for name in "abcd"}

    def follow(server: Server, name: str) -> None:
        with server.client() as polycue:
            for event in polycue.watch(jobs[name], include_cues=True):
                told[name].extend(cue.index for cue in event.cues.cues)

    watching = [
        threading.Thread(target=follow, args=(server, name))
        for server, name in zip((first, second) * 2, "abcd", strict=True)
    ]
    for thread in watching:
        thread.start()
    slow[0].wait()
    for server in (first, second):
        server.terminate()
        assert server.wait() == 0
        server.start("--drain-s=2")
    for held in slow:
        held.let_go()
    for thread in watching:
        thread.join()
    assert told == {name: list(range(1, 41)) for name in "abcd"}
    aftermath.check(first)


def test_a_database_that_restarts_is_waited_for(
    fleet: Fleet, director: Director, aftermath: Aftermath, postgres: Cluster
) -> None:
    server = replica(fleet, 1).start()
    held = director.hold("chunk", "a", 3)
    with server.client(replace(PATIENT, patience_s=60)) as polycue:
        job = aftermath.create(polycue, Film("a", 6))
        held.wait()
        postgres.stop("immediate")
        held.let_go()
        postgres.start()
        polycue.wait(job)
        aftermath.create(polycue, Film("b", 2))
    aftermath.check(server)


def test_a_database_out_of_reach_is_waited_for(
    fleet: Fleet, director: Director, aftermath: Aftermath, postgres: Cluster
) -> None:
    server = replica(fleet, 1).start()
    held = director.hold("saved", "a", 2)
    with server.client() as polycue:
        job = aftermath.create(polycue, Film("a", 6))
        held.wait()
        postgres.freeze()
        held.let_go()
        director.wait_for("chunk", "a", 3)
        postgres.thaw()
        polycue.wait(job)
    aftermath.check(server)


def test_a_database_that_is_away_is_told_by_health_and_to_callers_and_costs_no_work(
    fleet: Fleet, director: Director, aftermath: Aftermath, postgres: Cluster
) -> None:
    """Under load, for longer than a call waits; a call then says at once when to come back."""
    server = replica(fleet, 1).start("--store-wait-s=1")
    held = director.hold("chunk", "c", 2)
    with server.client() as polycue:
        jobs = [aftermath.create(polycue, Film(name, 4)) for name in "abcdef"]
        held.wait()
        postgres.stop("immediate")
        try:
            for service in ("JobService", "UploadService", "ArtifactService"):
                health.wait_for(server, service, health.NOT_SERVING)
            for service in ("TranscriptionService", "CatalogService"):
                assert health.status(server, service) == health.SERVING
            with (
                server.client(Retry(attempts=1)) as once,
                pytest.raises(errors.ServerUnreachable) as refused,
            ):
                once.get_job(jobs[0].name)
            assert refused.value.reason == "STORE_UNAVAILABLE"
            assert refused.value.retry_after_s
            held.let_go()
        finally:
            postgres.start()
        for service in ("JobService", "UploadService", "ArtifactService"):
            health.wait_for(server, service, health.SERVING)
        for job in jobs:
            polycue.wait(job)
    aftermath.check(server)
    assert aftermath.redone() == 0


def test_a_database_that_is_away_for_longer_than_work_waits_costs_a_pause_alone(
    fleet: Fleet, director: Director, aftermath: Aftermath, postgres: Cluster
) -> None:
    """More than a minute: what was begun is given up for then, and goes on by itself."""
    server = replica(fleet, 1).start("--store-wait-s=1")
    held = director.hold("chunk", "a", 2)
    with server.client(replace(PATIENT, patience_s=300)) as polycue:
        job = aftermath.create(polycue, Film("a", 5))
        held.wait()
        postgres.stop("immediate")
        held.let_go()
        try:
            threading.Event().wait(70)  # the time that is tried here is the database's own
        finally:
            postgres.start()
        polycue.wait(job)
        polycue.wait(aftermath.create(polycue, Film("b", 2)))
    aftermath.check(server)
    assert aftermath.redone() <= 1
