"""The only module that starts ffmpeg and ffprobe: confined, and ended with all that they start.

A child gets no shell, no standard input, no environment but ``PATH``, the root as its folder and a
process group of its own; ``sandbox`` says what else it may touch. Where this process ends at once,
so does the child.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from polycue.domain.errors import SandboxFailed
from polycue.media import sandbox
from polycue.media.call import Call

_ASIDE_NICENESS = 10  # a tenth of the share of a process at 0
# A child dies with the thread that started it, so one thread starts them all, and it never ends.
_starter = ThreadPoolExecutor(1, thread_name_prefix="starter")


class Child:
    """A running command and its process group. Any thread may end it, one reads and reaps it."""

    def __init__(self, call: Call) -> None:
        """Start it.

        Raises:
            ToolMissing: the program is not on the PATH.
            SandboxFailed: it could not be started, or not be confined.
        """
        self._process = _start(call)
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        assert self._process.stderr is not None  # noqa: S101
        self._pipes = self._process.stdout, self._process.stderr
        self.stdout_fd, self.stderr_fd = (pipe.fileno() for pipe in self._pipes)
        self.cpu_s = 0.0  # once it was reaped
        self._reaping = threading.Lock()  # whoever holds it knows whether the id is still ours

    def __repr__(self) -> str:
        return f"Child({self._process.pid})"

    @property
    def returncode(self) -> int | None:
        """None until it was reaped."""
        return self._process.returncode

    def has_exited(self) -> bool:
        if self._process.returncode is not None:
            return True
        # WNOWAIT leaves the child a zombie, so that its id stays taken until it is reaped.
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    def reap(self) -> int:
        """Wait for its end, and end what it started; its exit status."""
        if self._process.returncode is None:
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._kill_group()  # helpers that outlived it
            if self._process.returncode is None:
                _, status, used = os.wait4(self._process.pid, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = used.ru_utime + used.ru_stime
            return self._process.returncode

    def step_aside(self) -> None:
        """Give way to other processes from now on, with all threads."""
        with self._reaping:
            if self._process.returncode is None:
                with suppress(OSError):  # it is gone, or the machine does not let us
                    os.setpriority(os.PRIO_PGRP, self._process.pid, _ASIDE_NICENESS)

    def kill(self) -> None:
        """End the child and all it started, at once. Safe from any thread, and twice."""
        with self._reaping:
            self._kill_group()

    def close(self) -> None:
        """Close our ends of its pipes."""
        for pipe in self._pipes:
            pipe.close()

    def _kill_group(self) -> None:
        if self._process.returncode is None:  # else the id may be another's by now
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _start(call: Call) -> subprocess.Popen[bytes]:
    try:
        with sandbox.confined(call) as (argv, descriptors):
            return _starter.submit(_popen, argv, descriptors).result()
    except OSError as error:
        raise SandboxFailed(call.argv[0], error.strerror or str(error)) from error


def _popen(argv: Sequence[str], descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},  # FFREPORT and its like stay out
        pass_fds=descriptors,
        start_new_session=True,
    )
