"""Uploads and results in a bucket that several servers share: nothing of them is on any one's disk.

An upload is many small objects, each written once under a key that nobody else has. What a server
was at when it died is then at most one object that no row knows.
"""

import itertools
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import StoreUnusable
from polycue.jobs.disk import storage_errors
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Part, Parts, fresh_key

_PIECE_BYTES = 8 * 1024 * 1024  # of an upload, kept in memory until it is whole
_READ_AHEAD_BYTES = 4 * 1024 * 1024
_FETCHED_TOGETHER = 4
_LONGEST_OWNER_BYTES = 100
_KINDS = ("jobs", "uploads")


class BucketFiles:
    """Keeps files below ``root``, such as ``bucket/prefix``; see ``Files``."""

    def __init__(self, objects: Objects, root: str) -> None:
        self._objects, self._root = objects, root.strip("/")

    def __repr__(self) -> str:
        return f"BucketFiles({self._root})"

    def claim(self, owner: str) -> None:
        """Take the place for a database; whose files lie here are those that its rows know.

        Raises:
            StoreUnusable: they are another's, which would sweep ours away, and we theirs.
        """
        mark = f"{self._root}/owner"
        try:
            found = self._objects.get(mark, 0, _LONGEST_OWNER_BYTES)
        except FileNotFoundError:
            self._objects.put(mark, owner.encode())
            found = self._objects.get(mark, 0, _LONGEST_OWNER_BYTES)  # of two one was first
        if found.decode("ascii", "replace") != owner:
            problem = "another database's uploads and results lie there; give each its own prefix"
            raise StoreUnusable(f"s3://{self._root}", problem)

    def grow(self, shelf: str, parts: Parts) -> "BucketGrowth":
        return BucketGrowth(self, shelf, parts)

    def put(self, key: str, path: Path, *, cancel: CancelToken) -> None:
        self._objects.put_file(self._path(key), path, cancel)

    def put_piece(self, key: str, data: bytes) -> None:
        self._objects.put(self._path(key), data)

    def open(self, parts: Parts) -> "BucketReader":
        return BucketReader(self, parts)

    def bring(self, parts: Parts, path: Path, *, cancel: CancelToken) -> None:
        ranges = iter(_pieces(parts, 0, _size_of(parts), _PIECE_BYTES))
        with storage_errors("the job's input"), path.open("xb") as file:
            while some := list(itertools.islice(ranges, _FETCHED_TOGETHER)):
                for data in self._gather(some, cancel):
                    file.write(data)

    def read(self, parts: Parts, offset: int, most_bytes: int) -> bytes:
        return b"".join(
            self._objects.get(self._path(key), start, end)
            for key, start, end in _pieces(parts, offset, offset + most_bytes, most_bytes)
        )

    def discard(self, parts: Parts) -> None:
        self._objects.delete([self._path(part.key) for part in parts])

    def prune(self, shelf: str, keep: Parts) -> None:
        kept = {self._path(part.key) for part in keep}
        self._objects.delete([key for key in self._below(shelf) if key not in kept])

    def remove(self, shelf: str) -> None:
        self._objects.delete(self._below(shelf))

    def shelves(self) -> Iterator[str]:
        for kind in _KINDS:
            for name in self._objects.folders(self._path(kind)):
                yield f"{kind}/{name}"

    def changed_ms(self, shelf: str) -> int:
        came = self._objects.below(self._path(shelf)).values()
        return max((int(time.timestamp() * 1000) for time in came), default=0)

    def _gather(self, ranges: list[tuple[str, int, int]], cancel: CancelToken) -> list[bytes]:
        return self._objects.gather(
            [(self._path(key), start, end) for key, start, end in ranges], cancel
        )

    def _below(self, shelf: str) -> list[str]:
        return list(self._objects.below(self._path(shelf)))

    def _path(self, key: str) -> str:
        # s3fs takes "?versionId=" in a key for a question of its own.
        return f"{self._root}/{urllib.parse.quote(key)}"


class BucketGrowth:
    """Pieces, each an object; what is not a whole piece yet waits in memory."""

    def __init__(self, files: BucketFiles, shelf: str, parts: Parts) -> None:
        self._files, self._shelf, self._parts = files, shelf, parts
        self._kept_bytes = _size_of(parts)
        self._waiting = bytearray()

    @property
    def size_bytes(self) -> int:
        return self._kept_bytes + len(self._waiting)

    @property
    def due(self) -> bool:
        return len(self._waiting) >= _PIECE_BYTES

    def append(self, data: bytes) -> None:
        self._waiting += data

    def keep(self) -> Parts:
        if self._waiting:
            data = bytes(self._waiting)
            self._waiting = bytearray()  # now, so that it is not twice in memory while it is sent
            part = Part(fresh_key(self._shelf, self._kept_bytes), len(data))
            self._files.put_piece(part.key, data)
            self._parts, self._kept_bytes = (*self._parts, part), self._kept_bytes + len(data)
        return self._parts

    def close(self) -> None:
        self._waiting = bytearray()


class BucketReader:
    """Reads ahead, since each request takes its time."""

    def __init__(self, files: BucketFiles, parts: Parts) -> None:
        self._files, self._parts = files, parts
        self._begin, self._data = 0, b""

    def read(self, offset: int, most_bytes: int) -> bytes:
        if not self._begin <= offset < self._begin + len(self._data):
            ahead = max(most_bytes, _READ_AHEAD_BYTES)
            self._begin, self._data = offset, self._files.read(self._parts, offset, ahead)
        within = offset - self._begin
        return self._data[within : within + most_bytes]

    def close(self) -> None:
        self._data = b""


def _size_of(parts: Parts) -> int:
    return sum(part.size_bytes for part in parts)


def _pieces(parts: Parts, begin: int, end: int, most_bytes: int) -> Iterator[tuple[str, int, int]]:
    """Where the bytes ``begin`` up to ``end`` of a file lie: keys, and a range in each."""
    offset = 0
    for part in parts:
        start, stop = max(begin - offset, 0), min(end - offset, part.size_bytes)
        for at in range(start, stop, most_bytes):
            yield part.key, at, min(at + most_bytes, stop)
        offset += part.size_bytes
