"""Actors, nodes, the head and the driver are killed in the middle of a batch or of a film."""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PoisonChunk
from polycue.engine.batching.batcher import Batcher
from polycue_client import Polycue
from support.asking import ask
from support.children import child_of, signalled
from support.demo import begin, tracks
from support.fleet import Fleet, Server, python_path
from support.fragile import Do, passage
from support.fragile_engine import host_on
from support.ray_cluster import Cluster, Node

WAIT_S = 90


def heard(folder: Path) -> Counter[str]:
    lines = (folder / "diary").read_text().splitlines()
    return Counter(start for line in lines if line.startswith("run") for start in line.split()[1:])


def of_actor(cluster: Cluster, pid: int) -> Node:
    """The node on which an actor lives."""
    (node,) = (node for node in cluster.nodes if pid in node.pids(""))
    return node


def kill_actor(cluster: Cluster, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def kill_node(cluster: Cluster, pid: int) -> None:
    of_actor(cluster, pid).kill()


def kill_raylet(cluster: Cluster, pid: int) -> None:
    """What holds a node in the cluster; Ray then ends what is left there."""
    (raylet,) = of_actor(cluster, pid).pids("raylet/raylet")
    os.kill(raylet, signal.SIGKILL)


def kill_driver(cluster: Cluster, pid: int) -> None:
    signalled(child_of(os.getpid(), "bridge"), signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_actor, kill_node, kill_raylet, kill_driver])
def test_a_batch_whose_place_is_lost_is_done_in_another_and_no_other_is_done_again(
    two_nodes: Cluster, tmp_path: Path, kill: Callable[[Cluster, int], None]
) -> None:
    with (
        host_on(two_nodes, 2) as host,
        contextlib.closing(Batcher(host.open_recogniser(tmp_path, "fragile"))) as batcher,
    ):
        before = [ask(batcher, passage(n), cancel=CancelToken()) for n in range(6)]
        for result in before:
            result.result(WAIT_S)
        os.mkfifo(tmp_path / "begun")
        lost = ask(batcher, passage(100, Do.MEET_ONCE), cancel=CancelToken())
        pid = int((tmp_path / "begun").read_text())
        (tmp_path / "begun").unlink()
        kill(two_nodes, pid)
        assert lost.result(WAIT_S).facts.start_ms == 100
        after = [ask(batcher, passage(n), cancel=CancelToken()) for n in range(200, 206)]
        assert [one.result(WAIT_S).facts.start_ms for one in after] == list(range(200, 206))
    times = heard(tmp_path)
    assert times.pop("100") == 2
    assert set(times.values()) == {1}


def test_a_chunk_that_ends_actor_after_actor_fails_by_itself(
    two_nodes: Cluster, tmp_path: Path
) -> None:
    with (
        host_on(two_nodes, 2) as host,
        contextlib.closing(Batcher(host.open_recogniser(tmp_path, "fragile"))) as batcher,
    ):
        poison = ask(batcher, passage(2, Do.ABORT), cancel=CancelToken())
        others = [ask(batcher, passage(n), cancel=CancelToken()) for n in (1, 3)]
        with pytest.raises(PoisonChunk, match="2 ms"):
            poison.result(WAIT_S)
        assert [one.result(WAIT_S).facts.start_ms for one in others] == [1, 3]


def test_a_batch_that_its_node_answers_too_late_is_done_once_more_and_told_once(
    two_nodes: Cluster, tmp_path: Path
) -> None:
    """The network is parted between the driver and a node, and whole again later."""
    with (
        host_on(two_nodes, 2, deadline_s=5) as host,
        contextlib.closing(Batcher(host.open_recogniser(tmp_path, "fragile"))) as batcher,
    ):
        for fifo in ("begun", "go"):
            os.mkfifo(tmp_path / fifo)
        parted = ask(batcher, passage(7, Do.WAIT), cancel=CancelToken())
        late = of_actor(two_nodes, int((tmp_path / "begun").read_text()))
        late.freeze()
        try:
            other = of_actor(two_nodes, int((tmp_path / "begun").read_text()))
            (tmp_path / "go").write_text("")
            assert parted.result(WAIT_S).facts.start_ms == 7
        finally:
            late.thaw()
        assert other is not late
        with contextlib.suppress(OSError):  # it goes on, if it was not ended in its sleep
            os.close(os.open(tmp_path / "go", os.O_WRONLY | os.O_NONBLOCK))
        again = [ask(batcher, passage(n), cancel=CancelToken()) for n in range(20, 24)]
        assert [one.result(WAIT_S).facts.start_ms for one in again] == [20, 21, 22, 23]
    times = heard(tmp_path)
    assert times.pop("7") == 2
    assert set(times.values()) == {1}


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory: pytest.TempPathFactory, models: Path) -> dict[str, bytes]:
    """The tracks of a run that nothing happens to."""
    folder = tmp_path_factory.mktemp("unharmed")
    fleet = Fleet(folder, {"PYTHONPATH": python_path()}, "", (f"--models-dir={models}",))
    try:
        with fleet.server().start().client() as polycue:
            job = begin(polycue)
            polycue.wait(job)
            return tracks(polycue, job)
    finally:
        fleet.end()


def with_each_loss(
    polycue: Polycue, losses: list[Callable[[], object]], unharmed: dict[str, bytes]
) -> None:
    """A film, at whose first cues something is lost, and at later ones something else."""
    job, told = begin(polycue), []
    for event in polycue.watch(job, include_cues=True):
        told += [(event.cues.language_code, cue.index) for cue in event.cues.cues]
        if event.HasField("cues") and losses:
            losses.pop(0)()
    assert not losses
    assert len(told) == len(set(told))
    polycue.wait(job)
    assert tracks(polycue, job) == unharmed


def test_a_film_under_which_actors_nodes_and_the_driver_are_killed_gets_the_same_bytes(
    two_nodes: Cluster, serve: Callable[..., Server], unharmed: dict[str, bytes]
) -> None:
    server = serve()
    first, second = two_nodes.nodes[1:]

    def kill_first_actor() -> None:
        os.kill(first.pids("Engine")[0], signal.SIGKILL)

    losses: list[Callable[[], object]] = [
        kill_first_actor,
        second.kill,
        lambda: signalled(child_of(server.pid, "ray.bridge"), signal.SIGKILL),
    ]
    with server.client() as polycue:
        with_each_loss(polycue, losses, unharmed)


def test_a_film_whose_head_is_lost_goes_on_when_there_is_another(
    two_nodes: Cluster, serve: Callable[..., Server], unharmed: dict[str, bytes]
) -> None:
    """All nodes go with the head. A new one, at the same address, knows nothing of the old."""
    server = serve()

    def lose_all() -> None:
        for node in two_nodes.nodes:
            node.kill()
        server.says("reason=CLUSTER_UNAVAILABLE")  # the job waits, and has not failed
        for node in two_nodes.nodes:
            node.start()

    with server.client() as polycue:
        with_each_loss(polycue, [lose_all], unharmed)
