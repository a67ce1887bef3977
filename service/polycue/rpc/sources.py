"""Finds the files requests speak of: uploads, results, inline bytes, files the operator allows."""

import hashlib
import os
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import InputFile
from polycue.jobs.artifacts import Artifacts, parts_of
from polycue.jobs.board import Board
from polycue.jobs.files.protocol import Files
from polycue.jobs.uploads import UploadDraft, Uploads
from polycue.rpc.convert import names
from polycue.rpc.convert.fields import LONGEST_FILENAME_BYTES
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

_UNNAMED = "media"


class Sources:
    """``file_roots`` are the folders below which ``file://`` sources may lie; none forbids them."""

    def __init__(
        self,
        board: Board,
        uploads: Uploads,
        artifacts: Artifacts,
        files: Files,
        *,
        file_roots: Sequence[Path],
        max_inline_bytes: int,
    ) -> None:
        self._board, self._uploads, self._artifacts = board, uploads, artifacts
        self._files = files
        self._file_roots = tuple(root.resolve() for root in file_roots)
        self._max_inline_bytes = max_inline_bytes

    def check(self, tenant: str, message: media_pb2.MediaSource, field: str) -> InputFile:
        """A file's name and identity, if the tenant may use it; its path leads nowhere.

        Raises:
            InvalidRequest: the source is malformed, or a file that may not be read.
            NotFound: no such upload, job or result.
            UploadIncomplete: not all of it has come.
        """
        match self._source(message, field):
            case FromUpload(upload_id):
                upload = self._uploads.complete(tenant, upload_id)
                filename, identity = upload.filename or _UNNAMED, _identity(upload.sha256)
            case FromArtifact(job_id, artifact_id):
                artifact = self._artifacts.find(self._board.get(tenant, job_id), artifact_id)
                filename, identity = artifact.filename, _identity(artifact.sha256)
            case FromUri(uri):
                filename = _fitting(local_file(uri, f"{field}.uri", self._file_roots))
                identity = ""
            case Inline(content):
                filename, identity = _UNNAMED, _identity(hashlib.sha256(content).digest())
        return InputFile(Path(filename), filename, identity)

    @contextmanager
    def brought(self, tenant: str, folder: Path, cancel: CancelToken) -> Iterator[Find]:
        """Finds files for work in ``folder``, where each gets the name its owner knows it by.

        They are there until the block ends, also where an upload is deleted meanwhile.
        """
        yield _Bringer(self, tenant, folder, cancel).find

    def bring(
        self,
        tenant: str,
        message: media_pb2.MediaSource,
        field: str,
        shelf: Path,
        cancel: CancelToken,
    ) -> InputFile:
        """Put a source's file onto ``shelf``."""
        match self._source(message, field):
            case FromUpload(upload_id):
                upload = self._uploads.complete(tenant, upload_id)
                kept, filename, sha256 = upload.parts, upload.filename or _UNNAMED, upload.sha256
            case FromArtifact(job_id, artifact_id):
                artifact = self._artifacts.find(self._board.get(tenant, job_id), artifact_id)
                kept, filename, sha256 = parts_of(artifact), artifact.filename, artifact.sha256
            case FromUri(uri):
                path = local_file(uri, f"{field}.uri", self._file_roots)
                (shelf / _fitting(path)).symlink_to(path)
                return InputFile(shelf / _fitting(path), _fitting(path))
            case Inline(content):
                (shelf / _UNNAMED).write_bytes(content)
                identity = _identity(hashlib.sha256(content).digest())
                return InputFile(shelf / _UNNAMED, _UNNAMED, identity)
        try:
            self._files.bring(kept, shelf / filename, cancel=cancel)
        except FileNotFoundError as error:
            raise InvalidRequest(field, "was deleted meanwhile") from error
        return InputFile(shelf / filename, filename, _identity(sha256))

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


class _Bringer:
    """Gives each file of one piece of work a folder of its own: two may have the same name."""

    def __init__(self, sources: Sources, tenant: str, folder: Path, cancel: CancelToken) -> None:
        self._sources, self._tenant = sources, tenant
        self._folder, self._cancel = folder, cancel
        self._found = 0

    def find(self, message: media_pb2.MediaSource, field: str) -> InputFile:
        shelf = self._folder / "inputs" / str(self._found)
        shelf.mkdir(parents=True)
        self._found += 1
        return self._sources.bring(self._tenant, message, field, shelf, self._cancel)


def _identity(sha256: bytes) -> str:
    """As ``InputFile`` has it."""
    return f"sha256:{sha256.hex()}"


def local_file(uri: str, field: str, roots: Sequence[Path]) -> Path:
    """The file a ``file://`` URI means, links followed; ``roots`` are absolute and have none.

    Raises:
        InvalidRequest: it is no such URI, or no plain file below one of the roots.
    """
    if not roots:
        raise InvalidRequest(field, "this server reads no files of its own; upload the media")
    try:
        path = _path_of(uri, field).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long, a NUL
        raise InvalidRequest(field, "is no path that can be read") from error
    # Before anything is said of the file: what lies elsewhere is not even confirmed to exist.
    if not any(path.is_relative_to(root) for root in roots):
        raise InvalidRequest(field, "lies below none of the folders this server may read")
    if not path.is_file():
        raise InvalidRequest(field, "there is no such file")
    if not os.access(path, os.R_OK):
        raise InvalidRequest(field, "the server may not read this file")
    return path


def _path_of(uri: str, field: str) -> Path:
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme != "file":
        raise InvalidRequest(field, "is not a file:// URI, the only kind this server reads")
    if parts.netloc not in {"", "localhost"}:
        raise InvalidRequest(field, "names another host; write file:///path")
    if parts.query or parts.fragment:
        raise InvalidRequest(field, "has '?' or '#'; in a path they are written %3F and %23")
    path = Path(urllib.parse.unquote(parts.path, errors="strict"))
    if not path.is_absolute():
        raise InvalidRequest(field, "is not absolute; write file:///path")
    return path


def _fitting(path: Path) -> str:
    """The file's name, short enough that results can be named after it."""
    suffix = path.suffix if len(path.suffix) < 16 else ""
    room = LONGEST_FILENAME_BYTES - len(os.fsencode(suffix))
    stem = os.fsencode(path.stem)[:room].decode("utf-8", "ignore")
    return f"{stem or _UNNAMED}{suffix}"
