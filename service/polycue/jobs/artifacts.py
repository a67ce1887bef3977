"""Results of jobs: put in place whole, and read in ranges."""

from collections.abc import Iterable
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import NotFound, ReadPastEnd
from polycue.domain.progress import OutputFile
from polycue.jobs.files.hashing import hash_of_file
from polycue.jobs.files.protocol import Files, Part, Parts, job_shelf
from polycue.jobs.job import Artifact, Job


class Artifacts:
    """The results of all jobs."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def publish(
        self,
        job_id: str,
        file: OutputFile,
        *,
        epoch: int,
        taken: Iterable[str],
        cancel: CancelToken,
    ) -> Artifact:
        """Keep a finished file as a result of the job, under its own name where that is free.

        A reader finds it whole or not at all. Each epoch of a job has keys of its own, so that a
        worker that lost its job and does not know it yet changes nothing. ``file.path`` stays:
        later stages may read it.

        Raises:
            Cancelled: while it was hashed or stored; nothing was published.
            StorageFull, StorageUnavailable: it cannot be kept now.
        """
        name = _free_name(file.filename, frozenset(taken))
        key = f"{job_shelf(job_id)}/{epoch}/{name}"
        digest = hash_of_file(file.path, cancel)
        size_bytes = file.path.stat().st_size
        self._files.put(key, file.path, cancel=cancel)
        return Artifact(name, file.filename, file.mime_type, file.language, size_bytes, digest, key)

    def find(self, job: Job, artifact_id: str) -> Artifact:
        """Raises NotFound where the job has no result of this name."""
        for artifact in job.artifacts:
            if artifact.id == artifact_id:
                return artifact
        raise NotFound("artifact", f"jobs/{job.id}/artifacts/{artifact_id}")

    def reader(self, artifact: Artifact, name: str, *, offset: int, limit_bytes: int) -> "Range":
        """A range of a result; ``limit_bytes`` 0 means to the end. Close it.

        Raises:
            ReadPastEnd: the offset lies behind the last byte.
            NotFound: the file was removed.
        """
        if offset > artifact.size_bytes:
            raise ReadPastEnd(name, offset, artifact.size_bytes)
        return Range(self._files, artifact, name, offset=offset, limit_bytes=limit_bytes)

    def prune(self, job: Job) -> None:
        """Remove what earlier attempts at an ended job left."""
        self._files.prune(
            job_shelf(job.id), tuple(part for each in job.artifacts for part in parts_of(each))
        )

    def discard(self, artifacts: Iterable[Artifact]) -> None:
        """Remove results that are no job's."""
        for artifact in artifacts:
            self._files.discard(parts_of(artifact))

    def remove(self, job_id: str) -> None:
        """Remove all results of a job."""
        self._files.remove(job_shelf(job_id))


class Range:
    """Bytes of a result, read in pieces; ``offset`` is where the next one begins."""

    def __init__(
        self, files: Files, artifact: Artifact, name: str, *, offset: int, limit_bytes: int
    ) -> None:
        size_bytes = artifact.size_bytes
        self.offset, self._name = offset, name
        self._end = min(offset + limit_bytes, size_bytes) if limit_bytes else size_bytes
        try:
            self._reader = files.open(parts_of(artifact))
        except FileNotFoundError as error:
            raise NotFound("artifact", name) from error

    def read(self, most_bytes: int) -> bytes:
        """The next bytes, b"" at the end.

        Raises:
            NotFound: the file was removed meanwhile.
        """
        wanted = min(most_bytes, self._end - self.offset)
        if not wanted:
            return b""
        try:
            data = self._reader.read(self.offset, wanted)
        except FileNotFoundError as error:
            raise NotFound("artifact", self._name) from error
        self.offset += len(data)
        return data

    def close(self) -> None:
        self._reader.close()


def parts_of(artifact: Artifact) -> Parts:
    return (Part(artifact.key, artifact.size_bytes),)


def _free_name(filename: str, taken: frozenset[str]) -> str:
    """``film.en.srt``, or ``film.en.2.srt`` where that is taken."""
    own = Path(filename).name
    path = Path("result" if own in {"", ".."} else own)
    name, number = path.name, 1
    while name in taken:
        number += 1
        name = f"{path.stem}.{number}{path.suffix}"
    return name
