"""Finds the files requests speak of: uploads, results, inline bytes, what the operator allows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import InputFile
from polycue.jobs.artifacts import Artifacts, parts_of
from polycue.jobs.board import Board
from polycue.jobs.files.protocol import Files
from polycue.jobs.inputs.bench import Bench
from polycue.jobs.inputs.elsewhere import UNNAMED, Elsewhere
from polycue.jobs.uploads import UploadDraft, Uploads
from polycue.rpc.convert import names
from polycue.rpc.convert.sources import (
    FromArtifact,
    FromUpload,
    FromUri,
    Inline,
    Source,
    source,
    sources_in,
)
from polycue.rpc.convert.tasks import Find


class Sources:
    """``elsewhere`` knows what is neither an upload nor a result of ours."""

    def __init__(
        self,
        board: Board,
        uploads: Uploads,
        artifacts: Artifacts,
        files: Files,
        elsewhere: Elsewhere,
        *,
        max_inline_bytes: int,
    ) -> None:
        self._board, self._uploads, self._artifacts = board, uploads, artifacts
        self._files, self._elsewhere = files, elsewhere
        self._max_inline_bytes = max_inline_bytes

    def checking(self, tenant: str) -> Find:
        """Finds names and identities of files that the tenant may use; their paths lead nowhere.

        Each is looked at once. Whether another host has a file is not asked, only whether we would.

        Raises:
            InvalidRequest: a source is malformed, or a file that may not be read.
            NotFound: no such upload, job or result.
            UploadIncomplete: not all of it has come.
        """
        seen = dict[Source, InputFile]()

        def find(message: media_pb2.MediaSource, field: str) -> InputFile:
            source = self._source(message, field)
            if source not in seen:
                seen[source] = self._look_at(tenant, source, field)
            return seen[source]

        return find

    def _look_at(self, tenant: str, source: Source, field: str) -> InputFile:
        match source:
            case FromUpload(upload_id):
                upload = self._uploads.complete(tenant, upload_id)
                filename, identity = upload.filename or UNNAMED, _identity(upload.sha256)
            case FromArtifact(job_id, artifact_id):
                artifact = self._artifacts.find(self._board.get(tenant, job_id), artifact_id)
                filename, identity = artifact.filename, _identity(artifact.sha256)
            case FromUri(uri):
                filename, identity = self._elsewhere.name_of(uri, f"{field}.uri"), ""
            case Inline(content):
                filename, identity = UNNAMED, _identity(hashlib.sha256(content).digest())
        return InputFile(Path(filename), filename, identity)

    @contextmanager
    def brought(self, tenant: str, folder: Path, cancel: CancelToken) -> Iterator[Find]:
        """Finds files for work in ``folder``, where each gets the name its owner knows it by.

        They are there until the block ends, also where an upload is deleted meanwhile.
        """
        bench, brought = self._elsewhere.bench(folder, cancel), dict[Source, InputFile]()

        def find(message: media_pb2.MediaSource, field: str) -> InputFile:
            source = self._source(message, field)
            if source not in brought:  # a job may name one file for several things
                brought[source] = self._bring(tenant, source, field, bench)
            return brought[source]

        with bench.held:
            yield find

    def _bring(self, tenant: str, source: Source, field: str, bench: Bench) -> InputFile:
        """Put a source's file onto the bench.

        Raises:
            SourceError: another host does not give it to us.
            PolycueError: as of ``checking``, of what changed since then.
        """
        match source:
            case FromUpload(upload_id):
                upload = self._uploads.complete(tenant, upload_id)
                kept, filename, sha256 = upload.parts, upload.filename or UNNAMED, upload.sha256
            case FromArtifact(job_id, artifact_id):
                artifact = self._artifacts.find(self._board.get(tenant, job_id), artifact_id)
                kept, filename, sha256 = parts_of(artifact), artifact.filename, artifact.sha256
            case FromUri(uri):
                return self._elsewhere.bring(uri, f"{field}.uri", bench)
            case Inline(content):
                path = bench.shelf() / UNNAMED
                path.write_bytes(content)
                return InputFile(path, UNNAMED, _identity(hashlib.sha256(content).digest()))
        path = bench.shelf() / filename
        try:
            self._files.bring(kept, path, cancel=bench.cancel)
        except FileNotFoundError as error:
            raise InvalidRequest(field, "was deleted meanwhile") from error
        return InputFile(path, filename, _identity(sha256))

    def without_inline(
        self, tenant: str, spec: jobs_pb2.JobSpec
    ) -> tuple[jobs_pb2.JobSpec, list[str]]:
        """The spec with each inline source made an upload, and the ids of those uploads.

        What waits in the queue is then small, and the bytes are where all other media are. Fields
        this server does not know go too: nobody reads them, and megabytes fit into one.
        """
        small = jobs_pb2.JobSpec()
        small.CopyFrom(spec)
        small.DiscardUnknownFields()
        made = []
        for message, _ in sources_in(small):
            if message.WhichOneof("source") == "content":
                content = message.content
                upload = self._uploads.put(tenant, UploadDraft(len(content)), content)
                message.upload = names.upload(upload.id)
                made.append(upload.id)
        return small, made

    def _source(self, message: media_pb2.MediaSource, field: str) -> Source:
        return source(message, field, max_inline_bytes=self._max_inline_bytes)


def _identity(sha256: bytes) -> str:
    """As ``InputFile`` has it."""
    return f"sha256:{sha256.hex()}"
