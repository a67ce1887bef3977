"""How much memory the children of a process took, by looking at them all the time."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOOK_EVERY_S = 0.004
_NICENESS = -15
_HIGH_WATER = re.compile(r"^Name:\s+(\S+)$.*?^VmHWM:\s+(\d+) kB", re.M | re.S)
_TOOLS = ("ffmpeg", "ffprobe")


class Children:
    """The kernel keeps each process's peak while it lives; only its last milliseconds are lost."""

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._lock = threading.Lock()
        self._peak_kb = 0

    def take_peak_mb(self) -> float:
        """The highest peak of one child since this was last asked."""
        with self._lock:
            peak, self._peak_kb = self._peak_kb, 0
        return peak / 1024

    def look(self) -> None:
        for pid in self._pids():
            with suppress(OSError):  # it has ended
                found = _HIGH_WATER.search(Path(f"/proc/{pid}/status").read_text())
                if found and found[1] in _TOOLS:
                    with self._lock:
                        self._peak_kb = max(self._peak_kb, int(found[2]))

    def left(self) -> list[int]:
        """Tools that still run."""
        return [pid for pid in self._pids() if _name(pid) in _TOOLS]

    def _pids(self) -> Iterator[int]:
        for listed in Path(f"/proc/{self._parent}/task").glob("*/children"):
            with suppress(OSError):
                yield from map(int, listed.read_text().split())


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


@contextmanager
def watched(parent: int) -> Iterator[Children]:
    children, stop = Children(parent), threading.Event()

    def look() -> None:
        with suppress(PermissionError):  # else it may look too seldom where much is going on
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while not stop.wait(LOOK_EVERY_S):
            children.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield children
    finally:
        stop.set()
        thread.join()
