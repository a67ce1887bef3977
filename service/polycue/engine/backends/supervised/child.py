"""A place where models live, as the server sees it: asked, and brought to its end."""

import itertools
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from polycue import telemetry
from polycue.domain.errors import EngineDied
from polycue.engine.backends.supervised.work import Answer, Work
from polycue.tracing.parts import Noted, noted
from polycue.tracing.spans import Value

T = TypeVar("T")

log = telemetry.logger(__name__)


class End(StrEnum):
    """Why a child ended; the values are labels of a metric."""

    CLOSED = "closed"  # we had no more use for it
    EXITED = "exited"
    SIGNAL = "signal"
    HUNG = "hung"
    BROKEN = "broken"  # its device can do nothing more for it
    LOST = "lost"  # with its node, or the way there


@dataclass(frozen=True, slots=True)
class Cause:
    """How a child ended, for programs and, as ``text``, for people."""

    end: End
    text: str

    def died(self) -> EngineDied:
        return EngineDied("its work", self.text, lost=self.end is End.LOST)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, and who notes since then what it consists of."""

    result: Future[Any]
    noted: Noted | None
    since_ns: int


class Child(ABC):
    """A child that runs. Any thread may ask; an answer that cannot come any more is EngineDied.

    Those who derive from it send work, hand answers in, and say when it has ended.
    """

    pid: int  # on its own machine

    def __init__(self, *, on_end: Callable[[Cause], None]) -> None:
        """``on_end`` hears once how it ended, in the thread that saw or made it end."""
        self._on_end = on_end
        # Who is reached by way of another child may hear of that one's end in ending himself.
        self._lock = threading.RLock()
        self._asked: dict[int, _Asked] = {}
        self._numbers = itertools.count()
        self._cause: Cause | None = None

    def __repr__(self) -> str:
        return f"Child({self.name}: {self._cause.text if self._cause else 'at work'})"

    @property
    @abstractmethod
    def name(self) -> str:
        """What people find it by, in logs."""

    @property
    def whereabouts(self) -> Mapping[str, Value]:
        """Where it is, for traces, beside what it knows of that itself."""
        return {}

    @property
    def alive(self) -> bool:
        return self._cause is None

    @property
    def cause(self) -> Cause | None:
        """How it ended, None while it is alive."""
        return self._cause

    def ask(self, work: Work[Any]) -> Future[Any]:
        """Send work there; the future has what came of it. Blocks while the child takes it in."""
        notes = noted()
        asked = _Asked(Future(), notes, notes.now_ns() if notes else 0)
        number = next(self._numbers)
        with self._lock:
            if self._cause is not None:
                asked.result.set_exception(self._cause.died())
                return asked.result
            self._asked[number] = asked
        self._send(number, work)
        return asked.result

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
            waiting, self._asked = [asked.result for asked in self._asked.values()], {}
            self._kill()
        self._hang_up()
        if cause.end is not End.CLOSED:
            log.error("engine ended", engine=self.name, cause=cause.text)
        for result in waiting:
            result.set_exception(cause.died())
        self._on_end(cause)

    @abstractmethod
    def wait(self, timeout_s: float) -> None:
        """Wait until an ended child is buried, or the time is over."""

    @abstractmethod
    def _send(self, number: int, work: Work[Any]) -> None:
        """Send work there; ``_answered`` is told of what came of it under this number."""

    @abstractmethod
    def _kill(self) -> None:
        """Kill it; called once, under the lock, and returns at once."""

    def _hang_up(self) -> None:  # noqa: B027 - not all have something to do
        """Send nothing more; called once."""

    def _answered(self, answer: Answer) -> None:
        # Who asked counts as waiting until all is read: if that fails, the end tells him.
        asked = self._asked.get(answer.number)
        if asked and asked.noted:
            asked.noted.take_in(answer.parts, asked.since_ns, self.whereabouts)
        with self._lock:
            asked = self._asked.pop(answer.number, None)
        if asked is None:  # given up
            return
        result = asked.result
        if answer.broken:
            broken = Cause(End.BROKEN, answer.broken)
            result.set_exception(broken.died())
            self.end(broken)
        elif answer.error is not None:
            result.set_exception(answer.error)
        else:
            result.set_result(answer.value)


Begin = Callable[[Callable[[Cause], None]], Child]
"""Starts a child that tells once how it ended; raises OSError or DeviceUnavailable."""
