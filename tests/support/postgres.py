"""A PostgreSQL server of our own: private, on a unix socket, and gone with the tests."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_WAIT_S = "200"
# Waits until nobody holds the other end of its pipe, so that it tidies up after tests that were
# killed too.
_JANITOR = """
    read line
    kill -CONT "$(head -n 1 "$2/data/postmaster.pid")"
    "$1/pg_ctl" stop --mode=immediate --pgdata="$2/data"
    rm -rf "$2"
"""


class Cluster:
    """One data folder and its server. Nothing but the socket in its folder leads to it."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not below pytest's folders: those are the caller's alone, and a socket's path is short.
        self.folder = Path(tempfile.mkdtemp(prefix="polycue-pg-"))
        self._user = _ordinary_user()
        if self._user:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._janitor = subprocess.Popen(
            ["/bin/sh", "-c", _JANITOR, "janitor", programs, self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            user=self._user and self._user.pw_uid,
            group=self._user and self._user.pw_gid,
        )
        self._run("initdb", "--auth=trust", "--username=polycue", "--no-sync", "--encoding=UTF8")
        with (self.folder / "data" / "postgresql.conf").open("a") as config:
            config.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                "fsync = off\nmax_connections = 60\n"  # only the kernel could lose anything by it
            )

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder}/log")

    def stop(self, mode: str = "fast") -> None:
        """``immediate`` is what a crash is like."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def freeze(self) -> None:
        """Let it take connections and answer nothing, as behind a network that swallows all."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def new_database(self) -> str:
        """The URL of an empty one."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://polycue:secret@/{database}?host={self.folder}"

    def remove(self) -> None:
        self._janitor.communicate()

    def _signal(self, number: signal.Signals) -> None:
        """To the server and each of its children: stopping the first alone stops no query."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for process in (server, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments, f"--pgdata={self.folder}/data"],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PGCTLTIMEOUT": _WAIT_S},
            user=self._user and self._user.pw_uid,
            group=self._user and self._user.pw_gid,
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A server for all tests of this process; each takes a ``new_database`` of it."""
    with running_cluster() as cluster:
        yield cluster


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    cluster = Cluster(_programs())
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


def _programs() -> Path:
    """Debian keeps them off the PATH, in a folder for each version."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not on_path and not found:
        pytest.skip("PostgreSQL's server is not installed: apt-get install postgresql")
    return Path(on_path or found[-1]).parent


def _ordinary_user() -> pwd.struct_passwd | None:
    """Whom to run the server as: it refuses to be root's."""
    if os.getuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")
