"""All engine children of a server, one for each device: what one cannot do, another does."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from polycue import metrics, telemetry
from polycue.domain.errors import DeviceUnavailable, Draining, ModelError, PolycueError
from polycue.engine import counting
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Loads

T = TypeVar("T")

_RETRY_S = 60.0  # where an error does not say when another try may help

log = telemetry.logger(__name__)


class Fleet:
    """Supervisors of devices that are alike, at least one. Safe to use from any thread.

    While one device at least is in order, those that are not are brought back beside the work.
    """

    def __init__(self, supervisors: Sequence[Supervisor], *, own_models: bool = False) -> None:
        """``own_models``: each has its own copies, so that one can lack what others have."""
        self._of_a_device = (DeviceUnavailable, *([ModelError] if own_models else []))
        self.supervisors = tuple(supervisors)  # replaced as a whole
        self._lock = threading.Lock()
        self._mending: set[Supervisor] = set()
        self._closed = threading.Event()
        self._tell()

    def __repr__(self) -> str:
        return f"Fleet({', '.join(map(repr, self.supervisors))})"

    @property
    def up(self) -> bool:
        """Whether a device can be used now. Where another cannot, it is seen to."""
        self._tell()
        if not any(supervisor.up for supervisor in self.supervisors):
            return False
        for supervisor in self.supervisors:
            if not supervisor.up:
                self.mend(supervisor)
        return True

    def restore(self) -> None:
        """Bring back all that can be brought back now.

        Raises:
            ModelDamaged, DeviceUnavailable: there is no device that could be.
        """
        try:
            self.on_each(Supervisor.restore)
        finally:
            self._tell()

    def load(self, load_on: Callable[[Supervisor], Loads[T]]) -> dict[Supervisor, T]:
        """Load a model on each device, and on those that are out of order when they are back.

        Returns what came of it where it was loaded, at least on one. Where a device refuses it,
        for lack of memory say, it is left to the others.

        Raises:
            ModelDamaged, DeviceUnavailable: it cannot be loaded on any, and is not.
        """
        try:
            found = self.on_each(lambda s: (s, s.load(load_on(s))))
        except Exception:
            self.forget(load_on)
            raise
        for supervisor in self.supervisors:
            supervisor.want(load_on(supervisor))
        return dict(found)

    def forget(self, load_on: Callable[[Supervisor], Loads[Any]]) -> None:
        """Free a model on each device that has it."""
        for supervisor in self.supervisors:
            supervisor.forget(load_on(supervisor))

    def on_each(self, do: Callable[[Supervisor], T]) -> list[T]:
        """What came of it on those devices that could do it, on all at once.

        Raises:
            PolycueError: none could; as the first of them says.
        """
        supervisors = self.supervisors
        with ThreadPoolExecutor(len(supervisors), "devices") as pool:
            tries = [pool.submit(do, supervisor) for supervisor in supervisors]
        failed = [error for one in tries if isinstance(error := one.exception(), Exception)]
        unforeseen = [error for error in failed if not isinstance(error, self._of_a_device)]
        if unforeseen or len(failed) == len(tries):
            raise (unforeseen or failed)[0]
        for error in failed:
            log.warning("a device is out of order", problem=str(error))
        return [one.result() for one in tries if one.exception() is None]

    def add(self, supervisor: Supervisor) -> None:
        """One more device, which is up."""
        with self._lock:
            self.supervisors = (*self.supervisors, supervisor)
        self._tell()

    def remove(self, supervisor: Supervisor) -> None:
        """A device that is no part of it any more, and not closed by it."""
        with self._lock:
            self.supervisors = tuple(one for one in self.supervisors if one is not supervisor)
        counting.gone(supervisor.device.label)

    def mend(self, supervisor: Supervisor) -> None:
        """Bring a device that is not up back in a thread of its own; returns at once."""
        if supervisor.up:  # and a model is not there, for which there was no room
            return
        with self._lock:
            if supervisor in self._mending or self._closed.is_set():
                return
            self._mending.add(supervisor)
        log.warning("a device is out of order, others do its work", device=supervisor.device.label)
        threading.Thread(target=self._mend, args=(supervisor,), name="mending", daemon=True).start()

    def close(self) -> None:
        """End all children, whatever they do."""
        self._closed.set()
        for supervisor in self.supervisors:
            supervisor.close()

    def _mend(self, supervisor: Supervisor) -> None:
        try:
            while not self._closed.is_set():
                try:
                    supervisor.restore()
                except Draining:
                    return
                except PolycueError as error:
                    self._closed.wait(getattr(error, "retry_after_s", None) or _RETRY_S)
                else:
                    log.info("a device is back", device=supervisor.device.label)
                    return
        finally:
            with self._lock:
                self._mending.discard(supervisor)
            self._tell()

    def _tell(self) -> None:
        for supervisor in self.supervisors:
            metrics.ENGINE_UP.labels(device=supervisor.device.label).set(supervisor.up)
