"""A Ray cluster of our own: nodes on loopback addresses, a token, and nothing left afterwards.

Each node has an address of its own, since Ray takes 127.0.0.1 for the address that the machine has
on its network. All processes of a node carry a mark in their environment, by which they are found
and killed: Ray's own ``ray stop`` would end other people's clusters.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.fleet import python_path
from support.ports import free_port

WAIT_S = 120
_STORE_BYTES = 80_000_000  # the least that Ray takes is 75 MB
_MARK = "POLYCUE_TEST_NODE"
# Waits until nobody holds the other end of its pipe, so that nothing outlives tests that were
# killed; what it looks for are processes that carry the cluster's mark.
_JANITOR = """
import os, shutil, signal, sys
sys.stdin.read()
sys.path[:0] = sys.argv[2].split(os.pathsep)
from support.ray_cluster import marked
for _ in range(20):
    if not (found := marked(sys.argv[1])):
        break
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@dataclass
class Node:
    """One node: what it is given, and how to end it."""

    cluster: "Cluster"
    host: str
    flags: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        return f"{self.cluster.folder}/{self.host}"

    def start(self) -> "Node":
        given = [
            *(f"--node-ip-address={self.host}", f"--object-store-memory={_STORE_BYTES}"),
            *("--disable-usage-stats", "--include-log-monitor=false", *self.flags),
        ]
        told = self.cluster.folder / f"{self.host}.log"
        with told.open("ab") as log:
            done = subprocess.run(
                [*self.cluster.ray, "start", *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.cluster.env, **self.env, _MARK: self.mark},
                cwd=self.cluster.folder,
                timeout=WAIT_S,
                start_new_session=True,
                check=False,
            )
        assert done.returncode == 0, told.read_text(errors="replace")[-4000:]
        return self

    def kill(self) -> None:
        """All of it at once, as when a machine loses its power."""
        _kill_marked(self.mark)

    def freeze(self) -> None:
        """Let it hold its connections and answer nothing, as behind a network that is parted."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def pids(self, name: str) -> list[int]:
        """Processes of it whose command line holds the name, such as ``raylet`` or ``Engine``."""
        return [pid for pid in marked(self.mark) if name in _command(pid)]

    def _signal(self, number: signal.Signals) -> None:
        for pid in marked(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


class Cluster:
    """A head and as many further nodes as are asked for; each may be killed and started again."""

    def __init__(self, env: Mapping[str, str] | None = None, ray: tuple[str, ...] = ()) -> None:
        """``env`` is what all its processes get; ``ray`` the command that starts them."""
        self.ray = ray or (str(Path(sys.executable).with_name("ray")),)
        self.folder = Path(tempfile.mkdtemp(prefix="polycue-ray-"))
        self.port = free_port()
        self.address = f"127.0.0.2:{self.port}"
        self.nodes: list[Node] = []
        token = self.folder / "token"
        token.touch(0o600)
        token.write_text(secrets.token_hex(32))
        self.env = {
            "PYTHONPATH": python_path(),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            **(env or {}),
        }
        self._janitor = subprocess.Popen(
            [sys.executable, "-c", _JANITOR, str(self.folder), python_path()],
            stdin=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )

    def head(self, cpus: int = 1, *flags: str, **env: str) -> Node:
        return self._node(
            env,
            *("--head", f"--port={self.port}", f"--num-cpus={cpus}"),
            *("--include-dashboard=false", f"--ray-client-server-port={free_port()}"),
            *(f"--temp-dir={self.folder}/ray", *flags),
        )

    def worker(self, cpus: int = 1, *flags: str, **env: str) -> Node:
        return self._node(env, f"--address={self.address}", f"--num-cpus={cpus}", *flags)

    def mend(self) -> None:
        """Start again what was killed."""
        for node in self.nodes:
            if not node.pids("raylet/raylet"):
                node.kill()
                node.start()

    def remove(self) -> None:
        for node in self.nodes:
            node.kill()
        self._janitor.communicate(timeout=WAIT_S)

    def _node(self, env: Mapping[str, str], *flags: str) -> Node:
        node = Node(self, f"127.0.0.{len(self.nodes) + 2}", flags, env)
        self.nodes.append(node)
        return node.start()


@contextlib.contextmanager
def running_cluster(
    env: Mapping[str, str] | None = None, ray: tuple[str, ...] = ()
) -> Iterator[Cluster]:
    cluster = Cluster(env, ray)
    try:
        yield cluster
    finally:
        cluster.remove()
        shutil.rmtree(cluster.folder, ignore_errors=True)


def marked(mark: str) -> list[int]:
    """Processes that carry the mark, or one below it, in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{_MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def _kill_marked(mark: str) -> None:
    """Until none is left: a raylet that is killed last may have started another meanwhile."""
    until_s = time.monotonic() + WAIT_S
    while found := marked(mark):
        assert time.monotonic() < until_s, found
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
