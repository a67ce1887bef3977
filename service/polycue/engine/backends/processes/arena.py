"""Memory that a server shares with an engine child: arrays are written there once, and read there.

It has no name that could be left behind: it is gone with those who have it open.
"""

import fcntl
import mmap
import os
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from polycue import telemetry

NONE = -1
"""Instead of a descriptor."""

_BYTES = 2**30  # of addresses; memory is taken for what was there at one time, and kept
_F_SEAL_FUTURE_WRITE = 0x10  # of linux/fcntl.h; Python has no name for it
_ALIGNMENT = 64  # as numpy's own arrays have it, and a cache's lines

log = telemetry.logger(__name__)


class Place(NamedTuple):
    """An array in an arena."""

    start: int
    size: int


class Arena:
    """The end that writes. Safe to use from any thread.

    Memory that is new costs several times what a copy does, since the kernel clears it page by
    page: what is freed is used again, the first of it first.
    """

    def __init__(self) -> None:
        """Whoever has the ``descriptor`` can read. Where the system gives none there is no room.

        Nor where Python was built for systems that have none, as conda's and uv's were for long.
        """
        self.descriptor = NONE
        self._memory = memoryview(b"")
        self._lock = threading.Lock()
        self._kept: dict[int, range] = {}
        self._backed = 0  # bytes from the start that there is memory for
        try:
            self._make()
        except (OSError, AttributeError) as error:
            log.warning("no memory is shared with an engine", problem=str(error))
            self.close()

    def __repr__(self) -> str:
        return f"Arena({self.used_bytes} bytes of {self._backed} in use)"

    @property
    def used_bytes(self) -> int:
        return sum(map(len, self._kept.copy().values()))

    def put(self, number: int, arrays: Sequence[memoryview]) -> list[Place] | None:
        """Keep arrays under a number; where each is, or None where there is no room for all."""
        memory, places = self._memory, list[Place]()  # which somebody may close meanwhile
        sizes = [-(-array.nbytes // _ALIGNMENT) * _ALIGNMENT for array in arrays]
        start = self._taken(number, sum(sizes))
        if start is None:
            return None
        for array, size in zip(arrays, sizes, strict=True):
            memory[start : start + array.nbytes] = array
            places.append(Place(start, array.nbytes))
            start += size
        return places

    def free(self, number: int) -> None:
        """Nobody reads any more what is kept under this number, if anything is."""
        with self._lock:
            self._kept.pop(number, None)

    def close(self) -> None:
        """Let it go, and all that is kept; there is no room any more."""
        with self._lock:
            descriptor, self.descriptor = self.descriptor, NONE
            self._memory = memoryview(b"")
            self._kept.clear()
        if descriptor != NONE:
            os.close(descriptor)

    def _make(self) -> None:
        name = f"polycue-{secrets.token_hex(16)}"
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.descriptor, _BYTES)
        self._memory = memoryview(mmap.mmap(self.descriptor, _BYTES))
        # Whoever cut it off, or a hole into it, could end all that look at it; only we write.
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        with suppress(OSError):  # gVisor knows no such seal
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _F_SEAL_FUTURE_WRITE)

    def _taken(self, number: int, size: int) -> int | None:
        with self._lock:
            start = self._gap(size)
            if start + size > len(self._memory) or not self._is_backed(start + size):
                return None
            self._kept[number] = range(start, start + size)
            return start

    def _gap(self, size: int) -> int:
        """The first place where so many bytes are free."""
        start = 0
        for kept in sorted(self._kept.values(), key=lambda kept: kept.start):
            if kept.start - start >= size:
                break
            start = max(start, kept.stop)  # of nothing, several may be at one place
        return start

    def _is_backed(self, end: int) -> bool:
        """Have memory up to there: to write where there is none left would end this process."""
        if end > self._backed:
            try:
                os.posix_fallocate(self.descriptor, self._backed, end - self._backed)
            except OSError:
                return False
            self._backed = end
        return True


class ArenaView:
    """The end that reads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._memory = memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
        self._address = np.frombuffer(self._memory, np.uint8).ctypes.data

    @property
    def location(self) -> "Location":
        name = os.readlink(f"/proc/self/fd/{self._descriptor}")
        return Location(os.getpid(), self._descriptor, name)

    def array(self, place: Place) -> memoryview:
        return self._memory[place.start : place.start + place.size]

    def place(self, array: NDArray[np.uint8]) -> Place | None:
        """Where an array lies; None where it is not in here."""
        start = array.ctypes.data - self._address
        is_inside = 0 <= start <= len(self._memory) - array.nbytes
        return Place(start, array.nbytes) if is_inside else None


@dataclass(frozen=True, slots=True)
class Location:
    """Where programs of the same machine and user find an arena: with a process that has it."""

    pid: int
    descriptor: int
    name: str

    def opened(self) -> ArenaView | None:
        """None on another machine, in another container or where we may not."""
        path = f"/proc/{self.pid}/fd/{self.descriptor}"
        with suppress(OSError):
            if os.readlink(path) == self.name:  # nobody else's knows its random part
                return ArenaView(os.open(path, os.O_RDONLY))
        return None
