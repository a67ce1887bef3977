"""A child that is always there: started when it is needed, given up when it hangs, replaced."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from polycue.domain.errors import ClusterUnavailable, DeviceUnavailable, Draining, EngineDied
from polycue.engine.backends.supervised.backoff import Backoff
from polycue.engine.backends.supervised.child import Begin, Cause, Child, End
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.room import Room
from polycue.engine.backends.supervised.running import Running
from polycue.engine.backends.supervised.succession import Succession, why_unready
from polycue.engine.backends.supervised.work import Chooses, Loads, Work
from polycue.engine.devices import Device

T = TypeVar("T")

_ASK_S = 120  # for what needs no model and may have come with the child
_LOAD_S = 600  # for a model's files to be read, and its kernels compiled on a new GPU
_CLOSE_S = 5


class Supervisor:
    """One device's child and what is loaded in it. Safe to use from any thread.

    Who has lost a child at work gets EngineDied, and the next piece of work a new child. ``close``
    must be called.
    """

    def __init__(
        self,
        choose: Chooses,
        pace: Pace,
        *,
        begin: Begin,
        check: Callable[[Path], None] = lambda folder: None,
        device: Device | None = None,
    ) -> None:
        """Start the first child with ``begin``, and let it choose the device.

        ``check`` raises where a model's folder is not what it should be; it is asked before each
        loading. Where ``device`` is known beforehand nothing is started until it is needed, and
        what each child chooses is its own.

        Raises:
            DeviceUnavailable: the device asked for cannot be used, or the child does not start.
        """
        self._pace, self._check = pace, check
        self._succession = Succession(choose, begin, device)
        self._room, self._backoff = Room(), Backoff()
        self._starting = threading.Lock()
        self._running: Running | None = None
        self._wanted: dict[Loads[Any], None] = {}  # in order
        self._closed = False
        if device is None:
            with self._starting:
                self._started()

    def __repr__(self) -> str:
        return f"Supervisor({self._succession}, {self.child})"

    @property
    def device(self) -> Device:
        """The first child's, or what was to be expected; its memory is that of the last one."""
        return self._succession.device

    @property
    def child(self) -> Child | None:
        """The one there is, which may have ended."""
        return self._running.child if self._running else None

    @property
    def up(self) -> bool:
        """Whether a child is alive that has all recognisers which those before it had."""
        return self.has(*self._wanted)

    def has(self, *loads: Loads[Any]) -> bool:
        """Whether a child is alive that has these models, whatever else it lacks."""
        running = self._running
        return running is not None and running.has(loads)

    def restore(self) -> None:
        """Start a child where there is none, and load the recognisers that the last one had.

        Raises:
            ModelDamaged, DeviceUnavailable: that cannot be done now.
        """
        for load in list(self._wanted) or (None,):
            self._ready(load)

    def load(self, load: Loads[T], *, again: bool = True) -> T:
        """Load a model and, ``again``, load it into the children to come before they are ``up``.

        Raises:
            ModelDamaged, DeviceUnavailable: it cannot be loaded.
        """
        loaded: T = self._ready(load).loaded[load]
        if again:
            self.want(load)
        return loaded

    def want(self, load: Loads[Any]) -> None:
        """Load it when a child is started or brought back, whether it was loaded before or not.

        One that was refused, since the device has no room for it say, is not: it would keep the
        device from being ``up`` for all others.
        """
        if self._backoff.has_failed(load):
            return
        self._wanted.pop(load, None)  # an equal one may know less
        self._wanted[load] = None

    def ask(self, work: Work[T]) -> T:
        """Have something done that needs no model.

        Raises:
            DeviceUnavailable, EngineDied: the child does not start, or ended meanwhile.
        """
        return self._ready(None).child.do(work, within_s=_ASK_S)

    def forget(self, load: Loads[Any]) -> None:
        """Free a model's memory; no work that needs it may be under way."""
        with self._starting:
            self._wanted.pop(load, None)
            running = self._running
            if running is not None and load in running.loaded:
                del running.loaded[load]
                with suppress(EngineDied):  # so is its memory then
                    running.child.do(load.undone, within_s=_LOAD_S)

    def run(
        self, work: Work[T], *, needs: Loads[Any], kind: str, amount: float, alone: bool = False
    ) -> T:
        """Do the work in a child that has loaded what it ``needs``; blocks until it is done.

        ``kind`` and ``amount`` are ``Pace``'s. ``alone`` waits until nothing else is at work in the
        child, and keeps all else waiting.

        Raises:
            EngineDied: the child ended meanwhile; where it was alone, by this work's fault.
            ClusterUnavailable: it was alone, and went with its machine.
            ModelDamaged, DeviceUnavailable: what it needs cannot be loaded now.
            Draining: the supervisor is closed.
            PolycueError: what the work itself raises.
        """
        try:
            return self._run(work, needs, kind, amount, alone=alone)
        except EngineDied as error:
            if not alone:
                raise
            if error.lost:
                raise ClusterUnavailable(error.cause) from error
            if not self.device.place:
                raise
        # Of a machine that goes the first that is seen may be its processes.
        return self._run(work, needs, kind, amount, alone=True)

    def _run(self, work: Work[T], needs: Loads[Any], kind: str, amount: float, *, alone: bool) -> T:
        with self._room.entered(alone=alone):
            running = self._having(needs, alone=alone)
            began_s = time.monotonic()
            result = running.child.do(work, within_s=self._pace.deadline_s(kind, amount))
            self._pace.took(kind, amount, time.monotonic() - began_s)
        self._succession.worked(running)
        return result

    def close(self) -> None:
        """End the child, whatever it does."""
        self._closed = True
        self._end()  # whoever starts a child or loads a model holds the lock until this
        with self._starting:
            self._end()

    def _end(self) -> None:
        running = self._running
        if running is not None:
            running.child.end(Cause(End.CLOSED, "the engine was closed"))
            running.child.wait(_CLOSE_S)

    def _ready(self, needs: Loads[Any] | None) -> Running:
        """As ``_having``, for who does no work: a child may have ended under somebody else's."""
        try:
            with self._room.entered(alone=False):
                return self._having(needs, alone=False)
        except EngineDied:
            with self._room.entered(alone=True):
                return self._having(needs, alone=True)

    def _having(self, needs: Loads[Any] | None, *, alone: bool) -> Running:
        """A living child that has ``needs`` loaded; who is ``alone`` gets no EngineDied."""
        running = self._running
        if running is not None and running.has([needs] if needs else []):
            return running  # not behind the loading of something else
        with self._starting:
            self._backoff.check(needs)
            running = self._running
            if running is None or not running.child.alive:
                running = self._started()
            if needs is not None and needs not in running.loaded:
                running.loaded[needs] = self._loaded(running.child, needs, alone=alone)
            return running

    def _started(self) -> Running:
        if self._closed:
            raise Draining
        last, self._running = self._running, None
        self._running = running = self._succession.begun(after=last)
        try:
            self._succession.placed(running)
        except DeviceUnavailable:
            self._running = None
            raise
        return running

    def _loaded(self, child: Child, needs: Loads[Any], *, alone: bool) -> Any:
        self._check(needs.folder)
        try:
            loaded = child.do(needs, within_s=_LOAD_S)
        except (DeviceUnavailable, EngineDied) as error:
            if isinstance(error, EngineDied) and not alone:
                raise
            refused = DeviceUnavailable(self.device.kind, why_unready(error))
            raise self._backoff.failed(needs, refused) from error
        self._backoff.worked(needs)
        return loaded
