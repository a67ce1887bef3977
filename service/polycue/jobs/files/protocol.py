"""What the bytes of uploads and results are kept in. Blocks; safe to use from several threads.

Bytes lie under keys such as ``uploads/{upload}/0-5f3a9c`` and ``jobs/{job}/1/film.en.srt``. The
first two parts of a key name the shelf it lies on: one for each upload and each job, removed as a
whole.

Every method may raise ``StorageFull`` and ``StorageUnavailable``.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from polycue.domain.cancel import CancelToken


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a kept file: the key it lies under, and how many of the bytes there count."""

    key: str
    size_bytes: int


Parts = tuple[Part, ...]
"""A kept file: its stretches, one behind the other."""


class Reader(Protocol):
    """A kept file that is read in ranges. Close it."""

    def read(self, offset: int, most_bytes: int) -> bytes:
        """Bytes from ``offset`` on, at least one where there is one; b"" at the end.

        Raises:
            FileNotFoundError: the file was removed meanwhile.
        """
        ...

    def close(self) -> None: ...


class Growth(Protocol):
    """A file that grows at its end; for one thread at a time. Close it."""

    @property
    def size_bytes(self) -> int:
        """With what was appended and is not kept yet."""
        ...

    @property
    def due(self) -> bool:
        """Whether so much waits that it should be kept now."""
        ...

    def append(self, data: bytes) -> None: ...

    def keep(self) -> Parts:
        """Make everything survive a crash; what the file then consists of.

        Where that fails nobody knows what is kept: close it, and begin at what was kept before.

        Raises:
            FileNotFoundError: its shelf was removed meanwhile, where that is noticed.
        """
        ...

    def close(self) -> None:
        """Let go; what was appended since ``keep`` may be lost."""
        ...


class Files(Protocol):
    def grow(self, shelf: str, parts: Parts) -> Growth:
        """Go on behind ``parts``; no parts begin a file.

        No two processes may grow one file of a local folder; in an object store they may, and
        whoever's parts are written down first has won.
        """
        ...

    def put(self, key: str, path: Path, *, cancel: CancelToken) -> None:
        """Keep a finished file, whole or not at all, in the place of what lies there.

        ``path`` stays, and is not changed any more by its owner.

        Raises:
            Cancelled: nothing is kept.
        """
        ...

    def open(self, parts: Parts) -> Reader:
        """Raises FileNotFoundError where it was removed."""
        ...

    def bring(self, parts: Parts, path: Path, *, cancel: CancelToken) -> None:
        """Put a kept file where programs can read it: ``path``, which does not exist yet.

        It is not to be written to, and outlives the removal of its shelf.

        Raises:
            FileNotFoundError: it was removed.
            Cancelled: what there is at ``path`` by then is not the file.
        """
        ...

    def discard(self, parts: Parts) -> None:
        """Remove what a file consists of; what is not there is no error."""
        ...

    def prune(self, shelf: str, keep: Parts) -> None:
        """Remove what lies on a shelf besides ``keep``."""
        ...

    def remove(self, shelf: str) -> None:
        """Remove a shelf with all that is on it; one that is not there is no error."""
        ...

    def shelves(self) -> Iterator[str]:
        """The names of all shelves with anything on them, in no order."""
        ...

    def changed_ms(self, shelf: str) -> int:
        """When the newest bytes came onto a shelf, since the epoch; 0 for one that is not there."""
        ...


def upload_shelf(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def job_shelf(job_id: str) -> str:
    return f"jobs/{job_id}"


def fresh_key(shelf: str, offset: int) -> str:
    """A key for bytes from ``offset`` on that no other writer has, however late it comes."""
    return f"{shelf}/{offset}-{secrets.token_hex(8)}"
