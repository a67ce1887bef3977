"""One run of an engine child that is a process, as the server sees it."""

import errno
import logging
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from polycue import telemetry
from polycue.engine.backends.processes.arena import Arena
from polycue.engine.backends.processes.start import PROGRAM, Process, relayed, start
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.supervised.child import Begin, Cause, Child, End
from polycue.engine.backends.supervised.work import Answer, Call, LogLine, Work
from polycue.tracing.parts import noted

_LAST_MOMENTS_S = 5


def beginning(
    program: Sequence[str] = PROGRAM, environment: Mapping[str, str] = MappingProxyType({})
) -> Begin:
    """How a supervisor starts its children; ``environment`` is used where ours says nothing."""
    return lambda on_end: ChildProcess(program, environment, on_end=on_end)


class ChildProcess(Child):
    """A started process."""

    def __init__(
        self,
        program: Sequence[str],
        environment: Mapping[str, str],
        *,
        on_end: Callable[[Cause], None],
    ) -> None:
        """Start ``program``, arguments of the Python that runs us.

        ``on_end`` hears once how it ended, in the thread that saw or made it end.

        Raises:
            OSError: the machine starts no more processes.
        """
        super().__init__(on_end=on_end)
        ours, theirs = socket.socketpair()
        arena = Arena()
        self._wire = Wire(ours, arena=arena)
        self._reaped = False
        started: Future[Process] = Future()
        # The kernel ends a child with the thread that started it, so that one stays until its end.
        self._keeper = threading.Thread(
            target=self._keep,
            args=(program, environment, theirs, arena, started),
            name="engine-child",
            daemon=True,
        )
        try:
            self._keeper.start()
            self.pid = started.result().pid
        except RuntimeError as error:  # no more threads, of which a limit is one of processes too
            theirs.close()
            self._wire.close()
            raise OSError(errno.EAGAIN, str(error)) from error

    @property
    def name(self) -> str:
        return f"process {self.pid}"

    def wait(self, timeout_s: float) -> None:
        self._keeper.join(timeout_s)

    def _send(self, number: int, work: Work[Any]) -> None:
        try:
            call = Call(number, work, telemetry.facts(), noted() is not None)
            self._wire.send(call, number)
        except BlockingIOError:
            self.end(Cause(End.HUNG, "it takes nothing in"))
        except OSError:  # it is ending; the keeper will know why, and tell
            pass

    def _hang_up(self) -> None:
        self._wire.hang_up()

    def _keep(
        self,
        program: Sequence[str],
        environment: Mapping[str, str],
        theirs: socket.socket,
        arena: Arena,
        started: Future[Process],
    ) -> None:
        """Start the process, take its answers in until there are no more, and bury it."""
        try:
            with theirs:
                process = start(program, environment, theirs.fileno(), arena.descriptor)
            words = relayed(process)
        except BaseException as error:
            self._wire.close()
            started.set_exception(error)
            return
        self._process = process
        started.set_result(process)
        try:
            while True:
                self._take(self._wire.receive())
        except (EOFError, OSError):  # it has ended, or is being ended
            pass
        except Exception as error:
            self.end(Cause(End.BROKEN, f"its answer cannot be read: {error}"))
        self._wire.close()
        if not _exits(process.pid, within_s=_LAST_MOMENTS_S):
            self.end(Cause(End.HUNG, "it hung up and went on"))
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._reaped = True
        self.end(_cause_of(process.wait()))
        words.join()

    def _take(self, message: Answer | LogLine) -> None:
        if isinstance(message, LogLine):
            with telemetry.bound(**message.facts):
                logging.getLogger(message.logger).log(message.level, "%s", message.text)
            return
        self._wire.free(message.number)
        self._answered(message)

    def _kill(self) -> None:
        """Only under the lock: the id is another's, once it is reaped."""
        if not self._reaped:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


def _exits(pid: int, *, within_s: float) -> bool:
    """Whether a child of ours does so; it stays to be waited for."""
    handle = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(within_s * 1000))
    finally:
        os.close(handle)


def _cause_of(returncode: int) -> Cause:
    if returncode >= 0:
        return Cause(End.EXITED, f"it exited with status {returncode}")
    try:
        return Cause(End.SIGNAL, signal.Signals(-returncode).name)
    except ValueError:  # of the real-time ones only the ends have names
        return Cause(End.SIGNAL, f"signal {-returncode}")
