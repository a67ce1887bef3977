"""What the bridge can be asked: to join a cluster, and to deal with actors there by number."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from polycue.engine.backends.processes.arena import Location
from polycue.engine.backends.ray.parcel import Parcel
from polycue.engine.backends.supervised.child import Cause


@dataclass(frozen=True, slots=True)
class Needs:
    """What an actor takes of a node, in Ray's own units; fractions share a device."""

    gpus: float
    cpus: float

    @property
    def resources(self) -> Mapping[str, float]:
        return {"GPU": self.gpus, "CPU": self.cpus}


@dataclass(frozen=True, slots=True)
class Hello:
    """What an actor must know of its server: ``root`` is the server's folder of models.

    The bridge adds where the ``arena`` is that arrays come by, for an actor on the same machine.
    """

    root: Path
    recorded_only: bool
    log_level: int
    arena: Location | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """An actor that runs: the address of its node, its process there, and if it sees the arena."""

    node: str
    pid: int
    version: str = field(default="", compare=False)
    near: bool = field(default=False, compare=False)


class Cluster(Protocol):
    """What the bridge holds."""

    def join(self, address: str) -> None: ...
    def begin(self, number: int, needs: Needs, hello: Hello, within_s: float) -> Begun: ...
    def ask(self, number: int, call: Parcel) -> Future[Parcel]: ...
    def watch(self, number: int) -> Future[Cause]: ...
    def end(self, number: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Join:
    """Become the driver of a cluster.

    Raises:
        ClusterUnavailable: there is none, or none that lets us in.
    """

    address: str

    def do(self, cluster: Cluster) -> None:
        cluster.join(self.address)


@dataclass(frozen=True, slots=True)
class Begin:
    """Start an actor wherever there is room for it.

    Raises:
        ClusterUnavailable: there was none ``within_s``, or what was started is not ours.
        EngineDied: the cluster is not there any more, and this driver of no more use.
    """

    number: int
    needs: Needs
    hello: Hello
    within_s: float

    def do(self, cluster: Cluster) -> Begun:
        return cluster.begin(self.number, self.needs, self.hello, self.within_s)


@dataclass(frozen=True, slots=True)
class Ask:
    """Have an actor do a ``Call``, for an ``Answer``; EngineDied where it is lost meanwhile."""

    number: int
    call: Parcel

    def do(self, cluster: Cluster) -> Future[Parcel]:
        return cluster.ask(self.number, self.call)


@dataclass(frozen=True, slots=True)
class Watch:
    """Hear why an actor has ended, once it has."""

    number: int

    def do(self, cluster: Cluster) -> Future[Cause]:
        return cluster.watch(self.number)


@dataclass(frozen=True, slots=True)
class Finish:
    """End an actor at once, whatever it does."""

    number: int

    def do(self, cluster: Cluster) -> None:
        cluster.end(self.number)
