"""Files whose operations are timed, whatever they are kept in."""

from collections.abc import Iterator
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.jobs.files.protocol import Files, Growth, Parts, Reader
from polycue.jobs.timed import tell_of, timed


class TimedFiles:
    """``files``, under the name ``store`` among metrics: see ``Files``."""

    def __init__(self, files: Files, store: str) -> None:
        self._files, self._store = files, store
        tell_of(store)

    def __repr__(self) -> str:
        return f"TimedFiles({self._files!r})"

    def grow(self, shelf: str, parts: Parts) -> Growth:
        return _TimedGrowth(self._files.grow(shelf, parts), self._store)

    def put(self, key: str, path: Path, *, cancel: CancelToken) -> None:
        with timed(self._store, "files.put"):
            self._files.put(key, path, cancel=cancel)

    def open(self, parts: Parts) -> Reader:
        return _TimedReader(self._files.open(parts), self._store)

    def bring(self, parts: Parts, path: Path, *, cancel: CancelToken) -> None:
        with timed(self._store, "files.bring"):
            self._files.bring(parts, path, cancel=cancel)

    def discard(self, parts: Parts) -> None:
        with timed(self._store, "files.remove"):
            self._files.discard(parts)

    def prune(self, shelf: str, keep: Parts) -> None:
        with timed(self._store, "files.remove"):
            self._files.prune(shelf, keep)

    def remove(self, shelf: str) -> None:
        with timed(self._store, "files.remove"):
            self._files.remove(shelf)

    def shelves(self) -> Iterator[str]:
        return self._files.shelves()

    def changed_ms(self, shelf: str) -> int:
        return self._files.changed_ms(shelf)


class _TimedGrowth:
    """What is appended waits in memory or in the system's; ``keep`` is what takes time."""

    def __init__(self, growth: Growth, store: str) -> None:
        self._growth, self._store = growth, store

    @property
    def size_bytes(self) -> int:
        return self._growth.size_bytes

    @property
    def due(self) -> bool:
        return self._growth.due

    def append(self, data: bytes) -> None:
        self._growth.append(data)

    def keep(self) -> Parts:
        with timed(self._store, "files.keep"):
            return self._growth.keep()

    def close(self) -> None:
        self._growth.close()


class _TimedReader:
    def __init__(self, reader: Reader, store: str) -> None:
        self._reader, self._store = reader, store

    def read(self, offset: int, most_bytes: int) -> bytes:
        with timed(self._store, "files.read"):
            return self._reader.read(offset, most_bytes)

    def close(self) -> None:
        self._reader.close()
