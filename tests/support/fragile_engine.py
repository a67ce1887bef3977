"""Actors whose models fail on command."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polycue.engine.backends.backend import Host
from polycue.engine.backends.ray.actor import Engine
from polycue.engine.backends.ray.asked import Hello, Needs
from polycue.engine.backends.ray.begin import Actors
from polycue.engine.backends.supervised.host import elastic_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.devices import Device
from support.fragile import FragileModels
from support.ray_cluster import Cluster

BRIDGE = ("-m", "support.fragile_bridge")
FAR_BRIDGE = (*BRIDGE, "--far")
CPU = Choose("cpu", "int8", 0, 1)


class FragileEngine(Engine):
    def held(self, hello: Hello, node: str) -> Any:
        return FragileModels()


@contextlib.contextmanager
def host_on(
    cluster: Cluster, actors: int, *, deadline_s: float = 60, program: Sequence[str] = BRIDGE
) -> Iterator[Host]:
    """Actors with fragile models, whose batches get so long at least."""
    pace = Pace(factor=20, least_s=deadline_s)
    for _ in range(40):  # it knows how fast they are
        pace.took("fragile", 1, 0)
    begun = Actors(
        cluster.address,
        Needs(gpus=0, cpus=1),
        Hello(Path("/"), recorded_only=False, log_level=20),
        place_s=30,
        environment=cluster.env,
        program=program,
    )

    def make(number: int) -> Supervisor:
        device = Device("cpu", 0, "int8", 1, 1, place=f"ray:{number}")
        return Supervisor(CPU, pace, begin=begun.begin, device=device)

    host = elastic_host(
        "ray", make, "int8", least=actors, most=actors, idle_s=60, close=begun.close
    )
    with contextlib.closing(host):
        yield host
