"""The sound of large batches, on its way to actors that see the server's memory and to others."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.engine.batching.batcher import Batcher
from support.asking import ask
from support.children import arena_bytes, arenas, child_of
from support.fragile import Do, Fragile, long_passage
from support.fragile_engine import BRIDGE, FAR_BRIDGE, host_on
from support.ray_cluster import Cluster

WAIT_S = 90
ROW_BYTES = long_passage(0).features.nbytes


@pytest.mark.parametrize("program", [BRIDGE, FAR_BRIDGE], ids=["near", "far"])
def test_a_large_batch_is_heard_as_in_threads(
    two_nodes: Cluster, tmp_path: Path, program: tuple[str, ...]
) -> None:
    rows = [long_passage(n) for n in range(16)]
    with host_on(two_nodes, 1, program=program) as host:
        (backend,) = host.open_recogniser(tmp_path, "fragile")
        heard = backend.run(rows)
        assert heard == Fragile(tmp_path).run(rows)
        assert heard[3:5] == backend.run(rows[3:5])


def test_nothing_is_left_of_a_batch_whose_actor_or_driver_is_killed(
    two_nodes: Cluster, tmp_path: Path
) -> None:
    before = arenas()
    os.mkfifo(tmp_path / "begun")
    with (
        host_on(two_nodes, 1) as host,
        contextlib.closing(Batcher(host.open_recogniser(tmp_path, "fragile"))) as batcher,
    ):
        lost = ask(batcher, long_passage(1, Do.MEET_ONCE), cancel=CancelToken())
        pid = int((tmp_path / "begun").read_text())
        (tmp_path / "begun").unlink()
        os.kill(pid, signal.SIGKILL)
        assert lost.result(WAIT_S).facts.start_ms == 1
        for n in range(3):
            ask(batcher, long_passage(n), cancel=CancelToken()).result(WAIT_S)
        bridge = child_of(os.getpid(), "bridge")
        assert ROW_BYTES <= arena_bytes(bridge) < 1.1 * ROW_BYTES
        os.kill(bridge, signal.SIGKILL)
        ask(batcher, long_passage(9), cancel=CancelToken()).result(WAIT_S)
        assert arenas() == before + 1
    assert arenas() == before
