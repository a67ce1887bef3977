"""The only module that starts ffmpeg and ffprobe: confined, and bounded in time and in memory.

A child gets no shell, no standard input, no environment but ``PATH``, the root as its folder and a
process group of its own; ``sandbox`` says what else it may touch. However the ``with`` block around
it ends, nothing of that group is left, and where this process ends at once, so does the child.
"""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import SandboxFailed, ToolError, ToolFailed, ToolKilled, ToolTimedOut
from polycue.media import sandbox
from polycue.media.call import Call
from polycue.media.counting import Ending, counted, outcome_of
from polycue.media.endings import failed
from polycue.media.tail import Tail

T = TypeVar("T")

MAX_STDOUT_BYTES = 16 * 2**20  # of ``run``: a probe of a film with a hundred streams has 200 KB
_PIPE_BYTES = 64 * 2**10  # what Linux gives a pipe
_SLICE_S = 0.5  # how long a cancelled call may wait for a pipe that somebody else holds open
_EXIT_POLL_S = 0.002
_ASIDE_NICENESS = 10  # a tenth of the share of a process at 0
# A child dies with the thread that started it, so one thread starts them all, and it never ends.
_starter = ThreadPoolExecutor(1, thread_name_prefix="starter")


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command that ended well wrote; of stderr the last 64 KiB."""

    stdout: bytes
    stderr_tail: str


def run(call: Call, *, timeout_s: float, cancel: CancelToken) -> Completed:
    """Run a command to its end, and once more where something killed it.

    Raises:
        ToolMissing: the program is not on the PATH.
        ToolFailed: it ended with a non-zero status, or wrote more than 16 MiB.
        ToolTimedOut: it ran longer than ``timeout_s``.
        Cancelled: the token was set.
    """
    return once_more(lambda: _run(call, timeout_s, cancel))


def once_more(work: Callable[[], T]) -> T:
    """What comes of work with a command, done anew where something killed that the first time."""
    try:
        return work()
    except ToolKilled:
        return work()


def _run(call: Call, timeout_s: float, cancel: CancelToken) -> Completed:
    with piped(call, timeout_s=timeout_s, cancel=cancel) as child:
        stdout = child.read(MAX_STDOUT_BYTES + 1)
        if len(stdout) > MAX_STDOUT_BYTES:
            raise ToolFailed(call.argv, 0, f"wrote more than {MAX_STDOUT_BYTES} bytes")
        return Completed(stdout, child.finish())


@contextmanager
def piped(
    call: Call,
    *,
    timeout_s: float,
    cancel: CancelToken,
    on_line: Callable[[str], None] | None = None,
    aside: bool = False,
) -> "Iterator[Piped]":
    """Run a command and read its standard output while it works.

    ``timeout_s`` is the longest that one read may wait, not the length of the run: a reader that
    takes its time holds the child back, which is no fault of the child. ``on_line`` is given every
    line of stderr, cut at 4 KiB, in the thread that reads. ``aside`` makes the child leave the
    processors to whoever else wants them.

    Raises:
        ToolMissing: the program is not on the PATH.
        SandboxFailed: it could not be started, or not be confined.
        Cancelled: the token is set already.
    """
    cancel.check()
    with counted(call) as ending:
        child = Piped(call, timeout_s=timeout_s, cancel=cancel, on_line=on_line, ending=ending)
        forget = cancel.on_cancel(child.kill)
        try:
            if aside:
                child.step_aside()
            yield child
        finally:
            forget()
            child.close()


class Piped:
    """A running child whose output is read in one thread; made by ``piped``."""

    def __init__(
        self,
        call: Call,
        *,
        timeout_s: float,
        cancel: CancelToken,
        on_line: Callable[[str], None] | None,
        ending: Ending,
    ) -> None:
        self._ending = ending
        self._call, self._argv = call, tuple(call.argv)
        self._timeout_s, self._cancel = timeout_s, cancel
        with self._tells_outcome():
            self._process = _start(call)
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        assert self._process.stderr is not None  # noqa: S101
        self._stdout_fd = self._process.stdout.fileno()
        self._stderr_fd = self._process.stderr.fileno()
        self._open = {self._stdout_fd, self._stderr_fd}
        self._poll = select.poll()
        for fd in self._open:
            self._poll.register(fd, select.POLLIN)
        self._buffer = bytearray()
        self._complaints = Tail(on_line)
        self._reaping = threading.Lock()  # whoever holds it knows whether the id is still ours

    def __repr__(self) -> str:
        state = self._process.returncode
        return f"Piped({self._argv[0]}: {'running' if state is None else f'ended with {state}'})"

    def read(self, n_bytes: int) -> bytes:
        """The next ``n_bytes`` of standard output, fewer only at its end.

        Raises:
            ToolTimedOut: they did not come in time; the child is dead.
            Cancelled: the token was set; the child is dead.
        """
        return self._take(n_bytes, at_least=n_bytes)

    def read_some(self, n_bytes: int) -> bytes:
        """As ``read``, but returns as soon as there is anything."""
        return self._take(n_bytes, at_least=1)

    def finish(self) -> str:
        """Wait for the child's end, dropping output that was not read; the tail of stderr.

        Raises:
            ToolOverLimit: it needed more than it may have.
            ToolKilled: somebody else ended it.
            ToolFailed: it ended with a non-zero status.
            SandboxFailed: it could not be confined, and was not started.
            ToolTimedOut: it did not end in time; it is dead.
            Cancelled: the token was set; it is dead.
        """
        deadline = time.monotonic() + self._timeout_s
        with self._tells_outcome():
            while self._open:
                self._pump(deadline)
                self._buffer.clear()
            while not self._has_exited():
                self._wait_or_stop(deadline)
                time.sleep(_EXIT_POLL_S)
            self._cancel.check()
            if returncode := self._reap():
                said, cpu_s = self._complaints.text(), self._ending.cpu_s
                raise failed(self._call, returncode, said, cpu_s=cpu_s)
        self._ending.outcome = "done"
        return self._complaints.text()

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
        self.kill()
        self._reap()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _take(self, n_bytes: int, *, at_least: int) -> bytes:
        deadline = time.monotonic() + self._timeout_s
        with self._tells_outcome():
            while len(self._buffer) < at_least and self._stdout_fd in self._open:
                self._pump(deadline)
        self._cancel.check()  # what a killed child leaves must not pass for the whole
        taken = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return taken

    @contextmanager
    def _tells_outcome(self) -> Iterator[None]:
        try:
            yield
        except ToolError as error:
            self._ending.outcome = outcome_of(error)
            raise

    def _pump(self, deadline: float) -> None:
        """Wait for output of either kind and take in what is there."""
        remaining_s = self._wait_or_stop(deadline)
        for fd, _ in self._poll.poll(min(remaining_s, _SLICE_S) * 1000):
            data = os.read(fd, _PIPE_BYTES)
            if not data:
                self._poll.unregister(fd)
                self._open.remove(fd)
            if fd == self._stdout_fd:
                self._buffer += data
                self._ending.read_bytes += len(data)
            else:
                self._complaints.feed(data)

    def _wait_or_stop(self, deadline: float) -> float:
        """The seconds that are left."""
        self._cancel.check()
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            self.kill()
            raise ToolTimedOut(self._argv, self._timeout_s)
        return remaining_s

    def _has_exited(self) -> bool:
        if self._process.returncode is not None:
            return True
        # WNOWAIT leaves the child a zombie, so that its id stays taken until _reap.
        flags = os.WEXITED | os.WNOWAIT | os.WNOHANG
        return os.waitid(os.P_PID, self._process.pid, flags) is not None

    def _reap(self) -> int:
        if self._process.returncode is None:
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            self._kill_group()  # helpers that outlived it
            if self._process.returncode is None:
                _, status, used = os.wait4(self._process.pid, 0)
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._ending.cpu_s = used.ru_utime + used.ru_stime
                self._ending.exit_code = self._process.returncode
            return self._process.returncode

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
