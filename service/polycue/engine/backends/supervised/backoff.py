"""When to try again what failed: later each time, and not too late."""

import copy
import math
import threading
import time
from collections.abc import Callable

from polycue.domain.errors import ClusterUnavailable, DeviceUnavailable

_FIRST_S, _LONGEST_S = 1, 60
_LONGEST_FOR_CLUSTER_S = 10  # it comes back by itself, and many jobs wait for that
_MOST_DOUBLINGS = (
    16  # more than the longest wait has; a float ends after a thousand, or three hours
)


class Backoff:
    """Remembers what failed, and refuses it until its time has come.

    Keys are whatever can fail by itself: a model, or the child as a whole. Safe to use from any
    thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[object, int] = {}
        self._refused: dict[object, tuple[float, DeviceUnavailable]] = {}

    def check(self, key: object) -> None:
        """Return where it may be tried.

        Raises:
            DeviceUnavailable: as the last failure, with the time that is left to wait.
        """
        with self._lock:
            until, error = self._refused.get(key, (0.0, None))
        left_s = until - self._clock()
        if error is not None and left_s > 0:
            raise _put_off(error, math.ceil(left_s))

    def failed(self, key: object, error: DeviceUnavailable) -> DeviceUnavailable:
        """The error to raise; until its ``retry_after_s`` has passed, ``check`` raises it too."""
        with self._lock:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            of_cluster = isinstance(error, ClusterUnavailable)
            longest_s = _LONGEST_FOR_CLUSTER_S if of_cluster else _LONGEST_S
            delay_s = min(_FIRST_S * 2 ** min(failures - 1, _MOST_DOUBLINGS), longest_s)
            error = _put_off(error, delay_s)
            self._refused[key] = self._clock() + delay_s, error
            return error

    def has_failed(self, key: object) -> bool:
        """Whether the last time that it was tried it failed."""
        with self._lock:
            return key in self._failures

    def worked(self, key: object) -> None:
        with self._lock:
            self._failures.pop(key, None)
            self._refused.pop(key, None)


def _put_off(error: DeviceUnavailable, delay_s: int) -> DeviceUnavailable:
    later = copy.copy(error)
    later.retry_after_s = delay_s
    return later
