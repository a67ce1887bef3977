"""Writing to an upload: pieces in order, kept in steps, whole at the end."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Self

from polycue.domain.errors import (
    ChecksumMismatch,
    LimitExceeded,
    NotFound,
    StoreError,
    UploadIncomplete,
    WriteOffsetMismatch,
)
from polycue.jobs.clock import Clock
from polycue.jobs.files.hashing import hash_of
from polycue.jobs.files.protocol import Files, Parts, upload_shelf
from polycue.jobs.store.upload_protocol import UploadStore
from polycue.jobs.upload import Upload

EMPTY_TTL_MS = 10 * 60 * 1000  # room reserved by a client that never sends a byte is free again


class OpenUpload:
    """An upload somebody writes to. Calls share it; each piece must follow what is there.

    When a client comes back before its broken call was noticed, two calls write to one upload:
    whoever is late is told where to continue, and nothing is ever overwritten. The second may come
    to another server: then the row in the store decides who was first. One that is ``stale`` is not
    written to any more: it is opened anew, as the row has it.
    """

    def __init__(self, upload: Upload, store: UploadStore, files: Files, clock: Clock) -> None:
        self.upload, self.users, self.stale = upload, 0, False
        self.lock = threading.Lock()
        self._store, self._files, self._clock = store, files, clock
        self._growth = files.grow(upload_shelf(upload.id), upload.parts)
        # Whoever saw the first byte hashes on the way; else the whole is read again at the end.
        self._hash = None if upload.committed_bytes else hashlib.sha256()

    @property
    def name(self) -> str:
        return f"uploads/{self.upload.id}"

    def append(self, offset: int, data: bytes) -> None:
        self.expect(offset)
        end = offset + len(data)
        if end > self.upload.size_bytes:
            advice = "that is the size the upload was created with"
            raise LimitExceeded("data", end, self.upload.size_bytes, "bytes", advice)
        self._growth.append(data)
        if self._hash:
            self._hash.update(data)
        if self._growth.due or not self.upload.committed_bytes:
            self.commit()

    def expect(self, offset: int) -> None:
        """Return where the next piece begins at ``offset``.

        Raises:
            WriteOffsetMismatch: it begins elsewhere; that much is safe by now.
        """
        if not self.stale and offset == self._growth.size_bytes:
            return
        self.commit()
        committed_bytes = self._store.get(self.upload.tenant, self.upload.id).committed_bytes
        raise WriteOffsetMismatch(self.name, offset, committed_bytes)

    def commit(self) -> None:
        """Make what was written safe.

        Raises:
            NotFound: the upload was deleted meanwhile.
            WriteOffsetMismatch: another server was quicker; what was written here is void.
        """
        if self.stale or self._growth.size_bytes == self.upload.committed_bytes:
            return
        try:
            self._became(self._growth.keep())
        except StoreError:
            # After a sync that failed nobody knows what is on the disk: begin at what is known.
            self.stale = True
            raise
        except FileNotFoundError as error:
            raise NotFound("upload", self.name) from error

    def complete(self) -> None:
        """Check the whole and let it be used."""
        if self.upload.complete:
            return
        self.commit()
        if self.upload.committed_bytes < self.upload.size_bytes:
            raise UploadIncomplete(self.name, self.upload.committed_bytes, self.upload.size_bytes)
        actual = self._hash.digest() if self._hash else hash_of(self._files, self.upload.parts)
        if self.upload.sha256 and actual != self.upload.sha256:
            self._empty()
            raise ChecksumMismatch(self.name, self.upload.sha256.hex(), actual.hex())
        self._keep(lambda upload: replace(upload, sha256=actual, complete=True))
        self._files.prune(upload_shelf(self.upload.id), self.upload.parts)

    def close(self) -> None:
        self._growth.close()

    def _empty(self) -> None:
        """Let the next call begin anew."""
        wrong = self.upload.parts
        self._became(())
        self.stale = True
        self._files.discard(wrong)

    def _became(self, parts: Parts) -> None:
        size_bytes = sum(part.size_bytes for part in parts)
        self._keep(lambda upload: replace(upload, parts=parts, committed_bytes=size_bytes))

    def _keep(self, change: Callable[[Upload], Upload]) -> None:
        """Change the row, unless another server has; the time to live counts from here."""
        now_ms, known = self._clock(), self.upload

        def changed(before: Upload) -> Upload:
            if (before.parts, before.complete) != (known.parts, known.complete):
                raise WriteOffsetMismatch(
                    self.name, self._growth.size_bytes, before.committed_bytes
                )
            after = change(before)
            most_ms = after.ttl_ms if after.committed_bytes else EMPTY_TTL_MS
            return replace(after, expires_ms=now_ms + min(after.ttl_ms, most_ms))

        try:
            self.upload = self._store.change(known.id, changed)
        except WriteOffsetMismatch:
            self.stale = True
            raise


class Writer:
    """One call's way to write to an upload; for one thread at a time."""

    def __init__(self, file: OpenUpload, release: Callable[[OpenUpload], None]) -> None:
        self._file, self._release = file, release

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def upload(self) -> Upload:
        return self._file.upload

    def append(self, offset: int, data: bytes) -> None:
        """Write a piece that follows what is there.

        Raises:
            WriteOffsetMismatch: it does not.
            LimitExceeded: the file gets larger than announced.
            StorageFull, StorageUnavailable: it cannot be kept now; what was committed is.
        """
        with self._file.lock:
            self._file.append(offset, data)

    def commit(self) -> Upload:
        """Make what was written safe."""
        with self._file.lock:
            self._file.commit()
            return self._file.upload

    def finish(self, offset: int) -> Upload:
        """Check the whole and let it be used; once more changes nothing.

        Raises:
            WriteOffsetMismatch: something else came in between.
            UploadIncomplete: bytes are missing.
            ChecksumMismatch: the bytes are not those announced; the upload is empty again.
        """
        with self._file.lock:
            self._file.expect(offset)
            self._file.complete()
            return self._file.upload

    def close(self) -> None:
        """Keep what was written and let go."""
        try:
            self.commit()
        finally:
            self._release(self._file)
