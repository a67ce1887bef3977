"""Servers forked from a process that has imported everything: ready in a third of a second.

For a soak of a thousand kills. They are what ``stepped_server`` runs, each with a process of its
own; only the start is quicker than anybody's. A program.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.fleet import WAIT_S, Server

_PR_SET_PDEATHSIG = 1


class Zygote:
    """Forks servers on demand, and buries them. For one thread at a time."""

    def __init__(self, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **env},
            text=True,
        )
        assert self._say() == "ready"

    def fork(self, argv: list[str], env: dict[str, str], log: Path) -> int:
        return self._ask("fork", argv, env, str(log))

    def bury(self, pid: int) -> int:
        """The exit code of one that is dead; negative is the signal that killed it."""
        return self._ask("bury", pid)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(WAIT_S)
        assert self._process.stdout
        self._process.stdout.close()

    def _ask(self, *question: object) -> int:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return int(self._say())

    def _say(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def zygote(env: dict[str, str]) -> Iterator[Zygote]:
    one = Zygote(env)
    try:
        yield one
    finally:
        one.close()


class ForkedServer(Server):
    """A server that a zygote forks; it says on a named pipe that it is ready."""

    def __init__(self, zygote: Zygote, folder: Path, env: dict[str, str], *flags: str) -> None:
        super().__init__(folder, env, *flags)
        self._zygote, self._pid, self._alive, self._code = zygote, 0, -1, 0

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def running(self) -> bool:
        return self._alive >= 0 and not select.select([self._alive], [], [], 0)[0]

    def launch(self, *flags: str, **env: str) -> int:
        assert not self.running
        self._bury()
        pipe = self.folder / f"ready-{os.urandom(4).hex()}"
        os.mkfifo(pipe)
        ready = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        argv = [f"--listen={self.address}", *self._flags, *flags]
        self._pid = self._zygote.fork([str(pipe), *argv], {**self._env, **env}, self.log)
        self._alive = os.pidfd_open(self._pid)
        select.select([ready, self._alive], [], [], WAIT_S)
        os.set_blocking(ready, True)
        pipe.unlink()
        return ready

    def wait(self) -> int:
        assert select.select([self._alive], [], [], WAIT_S)[0], "it does not end"
        return self._bury()

    def end(self) -> None:
        super().end()
        self._bury()

    def _bury(self) -> int:
        if self._alive < 0:
            return self._code
        os.close(self._alive)
        self._alive, self._code = -1, self._zygote.bury(self._pid)
        return self._code

    def _signal(self, number: int) -> None:
        os.kill(self._pid, number)


def _serve_forked(pipe: str, argv: list[str], env: dict[str, str], log: str) -> int:
    from support import stepped_server

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # no test, no server
    os.setsid()
    os.environ.update(env)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    tell = os.open(pipe, os.O_WRONLY)
    try:
        stepped_server.main([f"--ready-fd={tell}", *argv])
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    return 1


def _main() -> None:
    import polycue.app.run  # noqa: F401
    from support import stepped_server  # noqa: F401

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        match json.loads(line):
            case ["fork", [pipe, *argv], env, log]:
                answer = os.fork()
                if not answer:
                    os._exit(_serve_forked(pipe, argv, env, log))
            case ["bury", pid]:
                answer = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
