"""What files hold, read again when they change."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from polycue import metrics, telemetry
from polycue.domain.errors import PolycueError

T = TypeVar("T")
_Signature = tuple[tuple[int, int, int] | None, ...]

log = telemetry.logger(__name__)


class Reloaded(Generic[T]):
    """What ``read`` makes of ``paths``; safe to use from several threads.

    Files that changed to what cannot be used leave what there was: the log and a metric say so,
    once for each change. ``name`` is what both call it.
    """

    def __init__(self, name: str, paths: Sequence[Path], read: Callable[[], T]) -> None:
        """Raises what ``read`` raises: nobody starts with files that are wrong."""
        self._name, self._paths, self._read = name, tuple(paths), read
        self._lock = threading.Lock()
        self._seen = self._signature()
        self._value = read()
        metrics.RELOADS.labels(name, "refused")  # 0: what is not there is not seen to grow

    def __repr__(self) -> str:
        return f"Reloaded({self._name})"

    def __call__(self) -> T:
        """What the files hold now; costs a ``stat`` of each."""
        with self._lock:
            signature = self._signature()
            if signature != self._seen:
                self._seen = signature
                self._reload()
            return self._value

    def _reload(self) -> None:
        problem = ""
        try:
            self._value = self._read()
        except PolycueError as error:
            problem = str(error)
        metrics.RELOADS.labels(self._name, "refused" if problem else "used").inc()
        if problem:
            log.error("a changed file is not used", file=self._name, problem=problem)
        else:
            log.info("a changed file is used", file=self._name)

    def _signature(self) -> _Signature:
        """Of files that are swapped by a link, as Kubernetes does it, what the link leads to."""
        return tuple(_stamp(path) for path in self._paths)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
