"""One run of the engine child, as the server sees it: started, asked, and brought to its end."""

import itertools
import logging
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from polycue import telemetry
from polycue.domain.errors import EngineDied
from polycue.engine.backends.processes.start import Process, relayed, start
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.processes.work import Answer, Call, LogLine, Work

T = TypeVar("T")

_LAST_MOMENTS_S = 5

log = telemetry.logger(__name__)


class End(StrEnum):
    """Why a child ended; the values are labels of a metric."""

    CLOSED = "closed"  # we had no more use for it
    EXITED = "exited"
    SIGNAL = "signal"
    HUNG = "hung"
    BROKEN = "broken"  # its device can do nothing more for it


@dataclass(frozen=True, slots=True)
class Cause:
    """How a child ended, for programs and, as ``text``, for people."""

    end: End
    text: str


class Child:
    """A started child. Any thread may ask; an answer that cannot come any more is EngineDied."""

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
        self._on_end = on_end
        ours, theirs = socket.socketpair()
        self._wire = Wire(ours)
        self._lock = threading.Lock()
        self._asked: dict[int, Future[Any]] = {}
        self._numbers = itertools.count()
        self._cause: Cause | None = None
        self._reaped = False
        started: Future[Process] = Future()
        # The kernel ends a child with the thread that started it, so that one stays until its end.
        self._keeper = threading.Thread(
            target=self._keep,
            args=(program, environment, theirs, started),
            name="engine-child",
            daemon=True,
        )
        self._keeper.start()
        self.pid = started.result().pid

    def __repr__(self) -> str:
        return f"Child({self.pid}: {self._cause.text if self._cause else 'at work'})"

    @property
    def alive(self) -> bool:
        return self._cause is None

    def ask(self, work: Work[Any]) -> Future[Any]:
        """Send work there; the future has what came of it. Blocks while the child takes it in."""
        result: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            if self._cause is not None:
                result.set_exception(_died(self._cause))
                return result
            self._asked[number] = result
        try:
            self._wire.send(Call(number, work))
        except BlockingIOError:
            self.end(Cause(End.HUNG, "it takes nothing in"))
        except OSError:  # it is ending; the keeper will know why, and tell
            pass
        return result

    def do(self, work: Work[T], *, within_s: float) -> T:
        """Have work done; a child that takes longer than it may is ended.

        Raises:
            EngineDied: the child ended before it was done.
            PolycueError: what the work itself raises.
        """
        result = self.ask(work)
        if not wait((result,), within_s).done:
            self.end(Cause(End.HUNG, f"no answer within {within_s:g} s"))
        done: T = result.result()
        return done

    def end(self, cause: Cause) -> None:
        """Kill it, and let all who wait for it know. Safe from any thread; the first cause holds.

        Returns at once: a process that hangs in a driver may take its time even to die.
        """
        with self._lock:
            if self._cause is not None:
                return
            self._cause = cause
            waiting, self._asked = list(self._asked.values()), {}
            self._kill()
        self._wire.hang_up()
        if cause.end is not End.CLOSED:
            log.error("engine ended", pid=self.pid, cause=cause.text)
        for result in waiting:
            result.set_exception(_died(cause))
        self._on_end(cause)

    def wait(self, timeout_s: float) -> None:
        """Wait until an ended child is buried, or the time is over."""
        self._keeper.join(timeout_s)

    def _keep(
        self,
        program: Sequence[str],
        environment: Mapping[str, str],
        theirs: socket.socket,
        started: Future[Process],
    ) -> None:
        """Start the process, take its answers in until there are no more, and bury it."""
        try:
            with theirs:
                process = start(program, environment, theirs.fileno())
        except BaseException as error:
            started.set_exception(error)
            return
        self._process = process
        started.set_result(process)
        words = relayed(process)
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
            logging.getLogger(message.logger).log(message.level, "%s", message.text)
            return
        with self._lock:
            result = self._asked.pop(message.number, None)
        if result is None:  # given up
            return
        if message.broken:
            result.set_exception(_died(Cause(End.BROKEN, message.broken)))
            self.end(Cause(End.BROKEN, message.broken))
        elif message.error is not None:
            result.set_exception(message.error)
        else:
            result.set_result(message.value)

    def _kill(self) -> None:
        """Only under the lock: the id is another's, once it is reaped."""
        if not self._reaped:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


def _died(cause: Cause) -> EngineDied:
    return EngineDied("its work", cause.text)


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
