"""Servers as processes that can be killed, stopped and started again at the same address."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from polycue_client import Polycue, Retry, connect
from support.ports import free_port

WAIT_S = 60
ROOT = Path(__file__).parents[2]

# Quick to try, slow to give up: a machine under load takes seconds to start the next server.
PATIENT = Retry(attempts=10_000, patience_s=90, first_delay_s=0.02, longest_delay_s=0.2)

# Where others may be alive, what a server held is free only when its lease has run out.
SHARED = ("--lease-s=2", "--poll-s=0.2")


def python_path() -> str:
    """What a server needs to find us; the tests may run from anywhere."""
    return os.pathsep.join(str(ROOT / folder) for folder in ("service", "clients", "tests"))


class Server:
    """``polycue serve`` at one address and on one folder, as often as it is started."""

    program: tuple[str, ...] = ("-m", "polycue")

    def __init__(self, folder: Path, env: Mapping[str, str], *flags: str) -> None:
        self.folder = folder
        self.address = f"127.0.0.1:{free_port()}"
        self.log = folder / f"server-{self.address.rpartition(':')[2]}.log"
        self._env, self._flags = dict(env), flags
        self._process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"Server({self.address}, {self._process and self._process.pid})"

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def launch(self, *flags: str, **env: str) -> int:
        """Begin to start; the descriptor on which it will say that it is ready."""
        assert not self.running
        ready, tell = os.pipe()
        given = [f"--listen={self.address}", f"--ready-fd={tell}", *self._flags, *flags]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self.program, *given],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[tell],
                env={**os.environ, **self._env, **env},
                cwd=self.folder,
            )
        os.close(tell)
        return ready

    def start(self, *flags: str, **env: str) -> "Server":
        """Come back when it answers calls."""
        with os.fdopen(self.launch(*flags, **env)) as told:
            address = told.readline().strip()
        assert address, f"it does not start:\n{self.last_words()}"
        return self

    def refuse(self, *flags: str) -> str:
        """Start it where it must not start; what it says about that."""
        with os.fdopen(self.launch(*flags)) as told:
            assert not told.readline(), "it serves, though it should not"
        assert self.wait() == 1
        return self.last_words()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask it to stop; ``wait`` for that."""
        self._signal(signal.SIGTERM)

    def wait(self) -> int:
        assert self._process
        return self._process.wait(WAIT_S)

    def end(self) -> None:
        """Whatever state it is in."""
        if self.running:
            self.kill()

    def words(self) -> str:
        """All that it has written into its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def last_words(self) -> str:
        return self.words()[-4000:]

    def says(self, words: str) -> None:
        """Come back when it has written the words into its log."""
        until_s = time.monotonic() + WAIT_S
        while words not in self.words():
            assert time.monotonic() < until_s, f"it never said {words!r}:\n{self.last_words()}"
            threading.Event().wait(0.01)

    @contextlib.contextmanager
    def client(self, retry: Retry = PATIENT) -> Iterator[Polycue]:
        with connect(self.address, retry=retry) as polycue:
            yield polycue

    def _signal(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)


@dataclass
class Fleet:
    """All servers of a test, on one store; none outlives it. ``make`` is one of their classes."""

    folder: Path
    env: dict[str, str]
    database_url: str = ""
    settings: tuple[str, ...] = ()
    make: Callable[..., Server] = Server
    servers: list[Server] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def server(self, *flags: str, data: Path | None = None) -> Server:
        given = [f"--data-dir={data or self.data}", *self.settings, *flags]
        if self.database_url:
            given += [f"--database-url={self.database_url}", *SHARED]
        server = self.make(self.folder, self.env, *given)
        self.servers.append(server)
        return server

    def sound(self) -> bool:
        """Whether the store is: SQLite by its own judgement, both by what no row may be."""
        if not self.database_url:
            return intact(self.data / "jobs.sqlite")
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(_OF_NO_JOB).fetchone() == (0,)

    def end(self) -> None:
        for server in self.servers:
            server.end()


def orphans(mark: str, *, but: tuple[int, ...] = ()) -> list[str]:
    """Command lines of processes that carry a mark, in their environment or as an argument."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) in but:
            continue
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if mark.encode() in command + (process / "environ").read_bytes():
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


# Chunks and told events go with their job, chunks at the latest when it has succeeded.
_OF_NO_JOB = """
SELECT (SELECT count(*) FROM told WHERE job NOT IN (SELECT id FROM job))
    + (SELECT count(*) FROM chunk WHERE job NOT IN (SELECT id FROM job WHERE state <> 'succeeded'))
"""


def intact(database: Path) -> bool:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        return bool(answer == "ok" and connection.execute(_OF_NO_JOB).fetchone() == (0,))
