"""Finds the files requests speak of: uploads, results, inline bytes, files the operator allows."""

import errno
import os
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import InputFile
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board
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
# The file system knows no hard links, or the two folders are mounts of their own.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


class Sources:
    """``file_roots`` are the folders below which ``file://`` sources may lie; none forbids them."""

    def __init__(
        self,
        board: Board,
        uploads: Uploads,
        artifacts: Artifacts,
        *,
        file_roots: Sequence[Path],
        max_inline_bytes: int,
    ) -> None:
        self._board, self._uploads, self._artifacts = board, uploads, artifacts
        self._file_roots = tuple(root.resolve() for root in file_roots)
        self._max_inline_bytes = max_inline_bytes

    def check(self, message: media_pb2.MediaSource, field: str) -> InputFile:
        """The file, if it is there and may be used; inline bytes are no file yet.

        Raises:
            InvalidRequest: the source is malformed, or a file that may not be read.
            NotFound: no such upload, job or result.
            UploadIncomplete: not all of it has come.
        """
        found = self._source(message, field)
        if isinstance(found, Inline):
            return InputFile(Path(_UNNAMED), _UNNAMED)
        return self._file(found, field)

    def finder(self, folder: Path) -> Find:
        """Finds files for work in ``folder``, where each gets the name its owner knows it by.

        A file held like this outlives an upload that is deleted meanwhile.
        """

        def find(message: media_pb2.MediaSource, field: str) -> InputFile:
            found = self._source(message, field)
            if isinstance(found, FromUri):
                return self._file(found, field)
            shelf = folder / "inputs" / str(len(list(folder.glob("inputs/*"))))
            shelf.mkdir(parents=True)
            if isinstance(found, Inline):
                path = shelf / _UNNAMED
                path.write_bytes(found.content)
                return InputFile(path, _UNNAMED)
            file = self._file(found, field)
            path = shelf / file.filename
            _link(file.path, path, field)
            return InputFile(path, file.filename)

        return find

    def without_inline(self, spec: jobs_pb2.JobSpec) -> tuple[jobs_pb2.JobSpec, list[str]]:
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
                upload = self._uploads.put(UploadDraft(len(content)), content)
                message.upload = names.upload(upload.id)
                made.append(upload.id)
        return small, made

    def _source(self, message: media_pb2.MediaSource, field: str) -> Source:
        return source(message, field, max_inline_bytes=self._max_inline_bytes)

    def _file(self, found: FromUpload | FromArtifact | FromUri, field: str) -> InputFile:
        match found:
            case FromUpload(upload_id):
                upload, path = self._uploads.file_of(upload_id)
                return InputFile(path, upload.filename or _UNNAMED)
            case FromArtifact(job_id, artifact_id):
                artifact, path = self._artifacts.find(self._board.get(job_id), artifact_id)
                return InputFile(path, artifact.filename)
            case FromUri(uri):
                path = local_file(uri, f"{field}.uri", self._file_roots)
                return InputFile(path, _fitting(path))


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


def _link(target: Path, name: Path, field: str) -> None:
    try:
        os.link(target, name)
    except FileNotFoundError as error:
        raise InvalidRequest(field, "was deleted meanwhile") from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        name.symlink_to(target)
