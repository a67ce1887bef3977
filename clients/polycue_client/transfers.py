"""Bytes on their way out and in: what a resumed transfer has to remember.

Nothing here speaks to a server.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from polycue.api.v1 import artifacts_pb2, uploads_pb2
from polycue_client.errors import ChecksumMismatch, ServerUnreachable

Progress = Callable[[int, int], None]
"""Told the bytes that are done and those there are in all."""

LARGEST_CHUNK_BYTES = 1024 * 1024  # streams at 660 MB/s; 64 KiB chunks at half of that


class Outgoing:
    """A file being uploaded: messages from any offset, every byte hashed once.

    grpc reads the messages in a thread of its own, and may still be reading those of a broken call
    when the next one starts. ``messages`` therefore ends the iterators it gave out before.
    """

    def __init__(self, path: Path, *, chunk_bytes: int, progress: Progress | None) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        self._chunk_bytes = min(chunk_bytes or LARGEST_CHUNK_BYTES, LARGEST_CHUNK_BYTES)
        self._progress = progress
        self._lock = threading.Lock()
        self._turn = 0
        self._hash = hashlib.sha256()
        self._hashed_bytes = 0
        self._failure: OSError | None = None

    def __repr__(self) -> str:
        return f"Outgoing({self.path.name}, {self._hashed_bytes} of {self.size_bytes} bytes)"

    def messages(self, upload: str, offset: int) -> Iterator[uploads_pb2.WriteUploadRequest]:
        """The rest of the file from ``offset``; the last message says that it is the last."""
        with self._lock:
            self._turn += 1
            turn = self._turn
        return self._messages(turn, upload, offset)

    def _messages(
        self, turn: int, upload: str, offset: int
    ) -> Iterator[uploads_pb2.WriteUploadRequest]:
        for data in self._chunks(turn, offset):
            end = offset + len(data)
            yield uploads_pb2.WriteUploadRequest(
                name=upload, write_offset=offset, data=data, finish=end == self.size_bytes
            )
            offset = end
            if self._progress:
                self._progress(offset, self.size_bytes)

    def _chunks(self, turn: int, offset: int) -> Iterator[bytes]:
        """At least one, if an empty one: a call that only says "finish" needs a message too."""
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                while (data := self._read(file, turn, offset)) is not None:
                    yield data
                    offset += len(data)
                    if offset == self.size_bytes:
                        return
        except OSError as error:  # raised here it would end in grpc's thread, as a cancelled call
            self._failure = error

    def _read(self, file: IO[bytes], turn: int, offset: int) -> bytes | None:
        """The chunk at ``offset``; None in an iterator that another one has replaced."""
        wanted = min(self._chunk_bytes, self.size_bytes - offset)
        with self._lock:
            if turn != self._turn:
                return None
            if self._hashed_bytes < offset:  # an earlier process sent what stands before
                self._hash_up_to(file, offset)
            data = file.read(wanted)
            self._hash_new(offset, data)
        if len(data) < wanted:
            raise OSError(f"{self.path} became shorter while it was sent")
        return data

    def _hash_new(self, offset: int, data: bytes) -> None:
        new = data[max(self._hashed_bytes - offset, 0) :]
        self._hash.update(new)
        self._hashed_bytes += len(new)

    def _hash_up_to(self, file: IO[bytes], end: int) -> None:
        file.seek(self._hashed_bytes)
        while self._hashed_bytes < end:
            data = file.read(min(self._chunk_bytes, end - self._hashed_bytes))
            if not data:
                raise OSError(f"{self.path} became shorter while it was sent")
            self._hash_new(self._hashed_bytes, data)

    def raise_failure(self) -> None:
        """Return where the file could be read.

        Raises:
            OSError: it could not, or became shorter.
        """
        if self._failure:
            raise self._failure

    def complete(self, upload: uploads_pb2.Upload) -> bool:
        """Whether the server has it all.

        Raises:
            ChecksumMismatch: it has something else.
        """
        if upload.state != uploads_pb2.UPLOAD_STATE_COMPLETE:
            return False
        if self._hashed_bytes < self.size_bytes:  # an earlier process sent it
            with self._lock, self.path.open("rb") as file:
                self._hash_up_to(file, self.size_bytes)
        if upload.sha256 != self._hash.digest():
            raise ChecksumMismatch(f"{self.path.name} arrived damaged; send it again")
        return True


def closed_early(upload: uploads_pb2.Upload) -> ServerUnreachable:
    """For a server that answered before the last byte came: asked again it may take the rest."""
    return ServerUnreachable(f"the server took only {upload.committed_bytes} bytes")


class Incoming:
    """An artifact being downloaded: how far it came, and whether it is what it should be."""

    def __init__(self, artifact: artifacts_pb2.Artifact) -> None:
        self._artifact = artifact
        self._hash = hashlib.sha256()
        self.offset = 0

    def __repr__(self) -> str:
        return f"Incoming({self._artifact.name}, {self.offset} of {self._artifact.size_bytes})"

    @property
    def complete(self) -> bool:
        return self.offset >= self._artifact.size_bytes

    def request(self) -> artifacts_pb2.ReadArtifactRequest:
        """For what is still missing."""
        return artifacts_pb2.ReadArtifactRequest(name=self._artifact.name, read_offset=self.offset)

    def take(self, message: artifacts_pb2.ReadArtifactResponse) -> bytes:
        """The message's bytes, if they follow those before."""
        if message.offset != self.offset:
            raise ChecksumMismatch(
                f"{self._artifact.name}: byte {self.offset} was asked for, {message.offset} came"
            )
        self._hash.update(message.data)
        self.offset += len(message.data)
        return message.data

    def check(self) -> None:
        """Return where the bytes are those the artifact announced.

        Raises:
            ChecksumMismatch: they are not.
        """
        if self.offset != self._artifact.size_bytes or (
            self._hash.digest() != self._artifact.sha256
        ):
            raise ChecksumMismatch(f"{self._artifact.name} arrived damaged; fetch it again")
