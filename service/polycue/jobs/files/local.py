"""Uploads and results in a folder of this machine: links instead of copies, synced to the disk."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.jobs.disk import storage_errors
from polycue.jobs.files.protocol import Part, Parts, fresh_key

_KEEP_EVERY_BYTES = 64 * 1024 * 1024  # what a power cut in the middle of a long call may cost
_COPIED_AT_ONCE_BYTES = 8 * 1024 * 1024
_KINDS = ("jobs", "uploads")
# The file system knows no hard links, or the file lies on another one.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


class LocalFiles:
    """Keeps files below ``root``, which one process at a time may use; see ``Files``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __repr__(self) -> str:
        return f"LocalFiles({self._root})"

    def grow(self, shelf: str, parts: Parts) -> "LocalGrowth":
        part = parts[0] if parts else Part(fresh_key(shelf, 0), 0)
        with storage_errors("the upload"):
            return LocalGrowth(self._root / part.key, part)

    def put(self, key: str, path: Path, *, cancel: CancelToken) -> None:
        target = self._root / key
        partial = target.with_name(f".{target.name}.partial")
        with storage_errors("the results"):
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            try:
                link_or_copy(path, partial, cancel)
                _sync(partial)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
            self._sync_folders(target)

    def open(self, parts: Parts) -> "LocalReader":
        return LocalReader(self._root / parts[0].key, parts[0].size_bytes)

    def bring(self, parts: Parts, path: Path, *, cancel: CancelToken) -> None:
        with storage_errors("the job's input"):
            link_or_copy(self._root / parts[0].key, path, cancel)

    def discard(self, parts: Parts) -> None:
        for part in parts:
            (self._root / part.key).unlink(missing_ok=True)

    def prune(self, shelf: str, keep: Parts) -> None:
        kept = {self._root / part.key for part in keep}
        for path in (self._root / shelf).rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink(missing_ok=True)

    def remove(self, shelf: str) -> None:
        with storage_errors("what is removed"), suppress(FileNotFoundError):
            shutil.rmtree(self._root / shelf)

    def shelves(self) -> Iterator[str]:
        for kind in _KINDS:
            with suppress(FileNotFoundError):
                yield from (f"{kind}/{folder.name}" for folder in (self._root / kind).iterdir())

    def changed_ms(self, shelf: str) -> int:
        folder = self._root / shelf
        with suppress(FileNotFoundError):  # gone, or some of it while it was looked at
            times_ns = [path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))]
            return max(times_ns) // 1_000_000
        return 0

    def _sync_folders(self, path: Path) -> None:
        """Make the names on the way to a file survive a power cut, as fsync does for its bytes."""
        for folder in path.parents:
            _sync(folder)
            if folder == self._root:
                return


class LocalGrowth:
    """One file, written at its end."""

    def __init__(self, path: Path, part: Part) -> None:
        self._path, self._part = path, part
        self.size_bytes = part.size_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # What a crash left behind the bytes that were kept may not be what was sent.
        os.truncate(self._descriptor, self.size_bytes)

    @property
    def due(self) -> bool:
        return self.size_bytes - self._part.size_bytes >= _KEEP_EVERY_BYTES

    def append(self, data: bytes) -> None:
        end = self.size_bytes + len(data)
        with storage_errors("the upload"):
            view = memoryview(data)
            while view:
                view = view[os.pwrite(self._descriptor, view, end - len(view)) :]
        self.size_bytes = end

    def keep(self) -> Parts:
        with storage_errors("the upload"):
            os.fsync(self._descriptor)
            for folder in (self._path.parent, self._path.parent.parent):
                _sync(folder)
        self._part = Part(self._part.key, self.size_bytes)
        return (self._part,)

    def close(self) -> None:
        os.close(self._descriptor)


class LocalReader:
    """Outlives the file's removal."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        with storage_errors("what is read"):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, offset: int, most_bytes: int) -> bytes:
        with storage_errors("what is read"):
            wanted = max(0, min(most_bytes, self._size_bytes - offset))
            return os.pread(self._descriptor, wanted, offset)

    def close(self) -> None:
        os.close(self._descriptor)


def link_or_copy(source: Path, target: Path, cancel: CancelToken) -> None:
    """Give a file a second name; where that cannot be, a copy."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(source, target, cancel)


def _copy(source: Path, target: Path, cancel: CancelToken) -> None:
    with source.open("rb") as read, target.open("xb") as written:
        while os.sendfile(written.fileno(), read.fileno(), None, _COPIED_AT_ONCE_BYTES):
            cancel.check()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
