"""One child after another: begun where the first one was, or held back when none does any work."""

from dataclasses import replace

from polycue import metrics, telemetry
from polycue.domain.errors import DeviceUnavailable, EngineDied
from polycue.engine.backends.supervised.backoff import Backoff
from polycue.engine.backends.supervised.child import Begin, Cause, Child, End
from polycue.engine.backends.supervised.running import Running
from polycue.engine.backends.supervised.work import Choose, Chooses
from polycue.engine.devices import Device

_START_S = 120  # for Python, CTranslate2 and CUDA to load; a second or two, off a warm disk
_GONE_S = 30  # for a process to die that was killed; a driver may hold it up
_FRUITLESS = 3  # children in a row that ended with nothing done: it is the device, not the work
_NEXT = "the next child"  # what is held back

log = telemetry.logger(__name__)


class Succession:
    """The children of one device. Each is ``begun``, then ``placed``, by one thread at a time."""

    def __init__(self, choose: Chooses, begin: Begin, device: Device | None) -> None:
        self._choose, self._begin = choose, begin
        self._backoff = Backoff()
        self._fruitless = 0
        self._device = device

    def __repr__(self) -> str:
        return f"Succession({self._device.label if self._device else 'not begun'})"

    @property
    def device(self) -> Device:
        """The first child's, or what was to be expected; its memory is that of the last one."""
        assert self._device is not None  # noqa: S101 - once one is placed, for the type checker
        return self._device

    def begun(self, *, after: Running | None) -> Running:
        """The next child, which has not chosen its device yet.

        Raises:
            DeviceUnavailable: it does not start, or must wait, as those before it were of no use.
        """
        if after is not None:
            self._bury(after)
        self._backoff.check(_NEXT)
        try:
            return Running(self._begin(_count))
        except OSError as error:
            problem = f"no process can be started: {error.strerror}"
            raise self._failed(self._choose.device, problem) from error
        except DeviceUnavailable as error:
            raise self._backoff.failed(_NEXT, error) from error

    def placed(self, running: Running) -> None:
        """Have it choose its device.

        Raises:
            DeviceUnavailable: it could not, and was ended.
        """
        child = running.child
        try:
            running.device = self._chosen(child)
        except Exception as error:
            child.end(Cause(End.BROKEN, str(error)))
            raise self._failed(self._choose.device, why_unready(error)) from error
        log.info("engine started", engine=child.name, device=running.device.label)

    def worked(self, running: Running) -> None:
        """It has done something: neither it nor those before it count as of no use."""
        running.fruitful, self._fruitless = True, 0
        self._backoff.worked(_NEXT)

    def _chosen(self, child: Child) -> Device:
        """Where it is; of what was chosen first, those that come after it are on the same one."""
        chosen = child.do(self._choose, within_s=_START_S)
        if self._device is not None:
            self._device = replace(self._device, memory_bytes=chosen.memory_bytes)
            return chosen
        self._device = chosen
        self._choose = Choose(
            chosen.kind,
            chosen.compute_type,
            chosen.index,
            chosen.threads,
            chosen.workers,
            chosen.rows,
        )
        return chosen

    def _bury(self, last: Running) -> None:
        """See what became of the last child; after some that were of no use, the next must wait."""
        last.child.wait(_GONE_S)  # a GPU's memory is only then free for the next one
        if last.fruitful:
            return
        self._fruitless += 1
        if self._fruitless >= _FRUITLESS:
            problem = f"its engine ended {self._fruitless} times with nothing done"
            self._failed(self.device.kind, problem)

    def _failed(self, device: str, problem: str) -> DeviceUnavailable:
        return self._backoff.failed(_NEXT, DeviceUnavailable(device, problem))


def why_unready(error: Exception) -> str:
    """What kept a child from being made ready, for people."""
    match error:
        case DeviceUnavailable():
            return error.reason
        case EngineDied():
            return f"its engine ended while it was made ready: {error.cause}"
        case _:
            return str(error)


def _count(cause: Cause) -> None:
    if cause.end is not End.CLOSED:
        metrics.ENGINE_RESTARTS.labels(reason=cause.end.value).inc()
