"""Results of jobs: put in place whole, and read in ranges."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import NotFound, ReadPastEnd, Unreadable
from polycue.domain.progress import OutputFile
from polycue.jobs.folder import DataFolder, sync_folder
from polycue.jobs.job import Artifact, Job

_HASHED_AT_ONCE_BYTES = 1024 * 1024


class Artifacts:
    """The ``results`` folders of all jobs."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder

    def publish(
        self, job_id: str, file: OutputFile, *, taken: Iterable[str], cancel: CancelToken
    ) -> Artifact:
        """Put a finished file among the job's results, under its own name where that is free.

        A reader finds it whole or not at all. ``file.path`` stays: later stages may read it.

        Raises:
            Cancelled: while it was hashed; nothing was published.
        """
        results = self._folder.results(job_id)
        name = _free_name(file.filename, frozenset(taken))
        digest = _sync_and_hash(file.path, cancel)
        results.mkdir(parents=True, exist_ok=True)
        _link(file.path, results / name)
        for folder in (results, results.parent, results.parent.parent):
            sync_folder(folder)
        size_bytes = (results / name).stat().st_size
        return Artifact(name, file.filename, file.mime_type, file.language, size_bytes, digest)

    def find(self, job: Job, artifact_id: str) -> tuple[Artifact, Path]:
        """A result and where it lies.

        Raises:
            NotFound: the job has no result of this name.
        """
        for artifact in job.artifacts:
            if artifact.id == artifact_id:
                return artifact, self._folder.results(job.id) / artifact.id
        raise NotFound("artifact", f"jobs/{job.id}/artifacts/{artifact_id}")


class RangeReader:
    """A file read in pieces; it outlives the file's removal. Close it."""

    def __init__(self, path: Path, name: str, *, offset: int, limit_bytes: int) -> None:
        """Open ``path`` at ``offset``; ``limit_bytes`` 0 means to the end.

        Raises:
            ReadPastEnd: the offset lies behind the last byte.
            NotFound: the file was removed.
        """
        try:
            self._file = path.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise NotFound("artifact", name) from error
        except OSError as error:
            raise Unreadable(path, error.strerror or str(error)) from error
        size_bytes = os.fstat(self._file.fileno()).st_size
        if offset > size_bytes:
            self.close()
            raise ReadPastEnd(name, offset, size_bytes)
        self.offset = offset
        self._end = min(offset + limit_bytes, size_bytes) if limit_bytes else size_bytes

    def read(self, most_bytes: int) -> bytes:
        """The next bytes, b"" at the end."""
        wanted = min(most_bytes, self._end - self.offset)
        data = os.pread(self._file.fileno(), wanted, self.offset)
        self.offset += len(data)
        return data

    def close(self) -> None:
        self._file.close()


def hash_of(path: Path, cancel: CancelToken | None = None) -> bytes:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_HASHED_AT_ONCE_BYTES):
            digest.update(data)
            if cancel:
                cancel.check()
    return digest.digest()


def _sync_and_hash(path: Path, cancel: CancelToken) -> bytes:
    digest = hash_of(path, cancel)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest


def _link(source: Path, target: Path) -> None:
    """Give a finished file a second name; where the file system has no links, a copy."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        partial = target.with_name(f".{target.name}.partial")
        shutil.copyfile(source, partial)
        os.replace(partial, target)


def _free_name(filename: str, taken: frozenset[str]) -> str:
    """``film.en.srt``, or ``film.en.2.srt`` where that is taken."""
    path = Path(Path(filename).name or "result")
    name, number = path.name, 1
    while name in taken:
        number += 1
        name = f"{path.stem}.{number}{path.suffix}"
    return name
