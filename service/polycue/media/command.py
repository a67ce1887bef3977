"""ffmpeg and ffprobe at work: run to their end, or read while they work, for as long as they may.

However the ``with`` block around a command ends, nothing of it is left.
"""

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import ToolError, ToolFailed, ToolKilled, ToolTimedOut
from polycue.media.call import Call
from polycue.media.child import Child
from polycue.media.counting import Ending, counted, outcome_of
from polycue.media.endings import failed
from polycue.media.tail import Tail

T = TypeVar("T")

MAX_STDOUT_BYTES = 16 * 2**20  # of ``run``: a probe of a film with a hundred streams has 200 KB
_PIPE_BYTES = 64 * 2**10  # what Linux gives a pipe
_SLICE_S = 0.5  # how long a cancelled call may wait for a pipe that somebody else holds open
_EXIT_POLL_S = 0.002


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
            self._child = Child(call)
        self._stdout_fd = self._child.stdout_fd
        self._open = {self._stdout_fd, self._child.stderr_fd}
        self._poll = select.poll()
        for fd in self._open:
            self._poll.register(fd, select.POLLIN)
        self._buffer = bytearray()
        self._complaints = Tail(on_line)

    def __repr__(self) -> str:
        state = self._child.returncode
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
            while not self._child.has_exited():
                self._wait_or_stop(deadline)
                time.sleep(_EXIT_POLL_S)
            self._cancel.check()
            if returncode := self._reap():
                said, cpu_s = self._complaints.text(), self._ending.cpu_s
                raise failed(self._call, returncode, said, cpu_s=cpu_s)
        self._ending.outcome = "done"
        return self._complaints.text()

    def step_aside(self) -> None:
        """Give way to other processes from now on."""
        self._child.step_aside()

    def kill(self) -> None:
        """End the child and all it started, at once. Safe from any thread, and twice."""
        self._child.kill()

    def close(self) -> None:
        self._child.kill()
        self._reap()
        self._child.close()

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

    def _reap(self) -> int:
        self._ending.exit_code = returncode = self._child.reap()
        self._ending.cpu_s = self._child.cpu_s
        return returncode
