"""The data folder: where everything lies in it, and the lock that keeps a second server out."""

import fcntl
import math
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from polycue.domain.errors import DataFolderInUse, Unwritable


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a disk is free for us, and how much there is."""

    free_bytes: float
    size_bytes: float


class DataFolder:
    """``jobs.sqlite``, scratch in ``work/{attempt}`` and ``calls``, and mostly uploads and results.

    Held by one process at a time, from ``DataFolder(...)`` to ``close``.
    """

    def __init__(self, root: Path) -> None:
        """Make the folder where it is missing, and hold it.

        Raises:
            DataFolderInUse: another server holds it.
            Unwritable: it cannot be made or written.
        """
        self.root = root.absolute()
        self.database = self.root / "jobs.sqlite"
        self.calls, self._work = self.root / "calls", self.root / "work"
        try:
            for folder in (self.root, self.calls, self._work):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unwritable(self.root, error.strerror or str(error)) from error
        self._hold()

    def __repr__(self) -> str:
        return f"DataFolder({self.root})"

    def _hold(self) -> None:
        try:
            # The kernel lets go when the process dies, however it dies, so a stale lock cannot be.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(self._lock, 32).decode("ascii", "replace").strip()
            os.close(self._lock)
            raise DataFolderInUse(self.root, f"process {owner}" if owner else "another") from error
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        os.close(self._lock)

    @property
    def holds_files(self) -> bool:
        """Whether uploads or results lie in it."""
        return any(any((self.root / kind).glob("*")) for kind in ("jobs", "uploads"))

    def room(self) -> Room:
        """On its disk; NaN where the disk does not say."""
        try:
            disk = os.statvfs(self.root)
        except OSError:  # gone, or at fault: whoever writes there is told so
            return Room(math.nan, math.nan)
        return Room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)

    def work(self, attempt: str) -> Path:
        """Scratch of an attempt at a job; gone when that ends."""
        return self._work / attempt

    def clean(self) -> None:
        """Remove the scratch that a crash left behind; only before any work has begun."""
        for scratch in (*self.calls.iterdir(), *self._work.iterdir()):
            shutil.rmtree(scratch, ignore_errors=True)
