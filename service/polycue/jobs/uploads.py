"""Files clients send: taken in by offset, so that a call that broke is no loss."""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from polycue.domain.errors import (
    ChecksumMismatch,
    LimitExceeded,
    UploadIncomplete,
    WriteOffsetMismatch,
)
from polycue.jobs.artifacts import hash_of
from polycue.jobs.clock import Clock
from polycue.jobs.folder import DataFolder, disk_errors, sync_folder
from polycue.jobs.job import new_id
from polycue.jobs.store.protocol import UploadStore
from polycue.jobs.upload import Upload

_COMMIT_EVERY_BYTES = 64 * 1024 * 1024  # what a power cut in the middle of a long call may cost
_EMPTY_TTL_MS = 10 * 60 * 1000  # room reserved by a client that never sends a byte is free again
_QUOTA_RETRY_S = 600


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """``max_stored_bytes`` is for all uploads together."""

    max_upload_bytes: int
    max_stored_bytes: int
    max_ttl_ms: int


@dataclass(frozen=True, slots=True)
class UploadDraft:
    """What a client wants to send; ``sha256`` may be empty, ``ttl_ms`` None for the default."""

    size_bytes: int
    filename: str = ""
    sha256: bytes = b""
    request_id: str = ""
    fingerprint: str = ""
    ttl_ms: int | None = None


class Uploads:
    """All uploads of this server; safe to use from several threads."""

    def __init__(
        self, store: UploadStore, folder: DataFolder, *, clock: Clock, limits: UploadLimits
    ) -> None:
        self._store, self._folder = store, folder
        self._clock, self._limits = clock, limits
        self._lock = threading.Lock()
        self._open: dict[str, _OpenFile] = {}

    def create(self, draft: UploadDraft) -> Upload:
        """Reserve room and a name nobody can guess; without a byte they do not last long.

        Raises:
            LimitExceeded: the file is larger than an upload may be.
            UploadQuotaExceeded: all uploads together would be.
            RequestIdReused: the request id was used with another payload.
        """
        if draft.size_bytes > self._limits.max_upload_bytes:
            raise LimitExceeded(
                "size_bytes", draft.size_bytes, self._limits.max_upload_bytes, "bytes"
            )
        ttl_ms = min(draft.ttl_ms or self._limits.max_ttl_ms, self._limits.max_ttl_ms)
        upload = Upload(
            id=new_id(),
            filename=draft.filename,
            size_bytes=draft.size_bytes,
            sha256=draft.sha256,
            ttl_ms=ttl_ms,
            expires_ms=self._clock() + min(ttl_ms, _EMPTY_TTL_MS),
            request_id=draft.request_id,
            fingerprint=draft.fingerprint,
        )
        return self._store.create(
            upload,
            max_stored_bytes=self._limits.max_stored_bytes,
            retry_after_s=_QUOTA_RETRY_S,
        )

    def get(self, upload_id: str) -> Upload:
        """Raises NotFound where there is no such upload."""
        return self._store.get(upload_id)

    def file_of(self, upload_id: str) -> tuple[Upload, Path]:
        """A complete upload and where its bytes lie.

        Raises:
            NotFound: there is no such upload.
            UploadIncomplete: bytes are missing, or nobody said that they are all.
        """
        upload = self._store.get(upload_id)
        if not upload.complete:
            raise UploadIncomplete(
                f"uploads/{upload_id}", upload.committed_bytes, upload.size_bytes
            )
        return upload, self._folder.upload(upload_id)

    def put(self, draft: UploadDraft, data: bytes) -> Upload:
        """A complete upload of bytes that are here already."""
        upload = self.create(draft)
        with self.writer(upload.id) as writer:
            writer.append(0, data)
            return writer.finish(len(data))

    def delete(self, upload_id: str) -> None:
        """Remove file, then row. A call that still writes to it finds it gone.

        Raises:
            NotFound: there is no such upload.
        """
        self._store.get(upload_id)
        self._folder.remove_upload(upload_id)
        self._store.delete(upload_id)

    def writer(self, upload_id: str) -> "Writer":
        """One call's way to write to an upload; close it.

        Raises:
            NotFound: there is no such upload.
        """
        with self._lock:
            file = self._open.get(upload_id)
            if file is None:
                upload = self._store.get(upload_id)
                path = self._folder.upload(upload_id)
                file = self._open[upload_id] = _OpenFile(path, upload, self._store, self._clock)
            file.users += 1
        return Writer(file, self._release)

    def _release(self, file: "_OpenFile") -> None:
        with self._lock:
            file.users -= 1
            if not file.users:
                del self._open[file.upload.id]
                file.close()


class _OpenFile:
    """An upload somebody writes to. Calls share it; each piece must follow what is there.

    When a client comes back before its broken call was noticed, two calls write to one upload:
    whoever is late is told where to continue, and nothing is ever overwritten.
    """

    def __init__(self, path: Path, upload: Upload, store: UploadStore, clock: Clock) -> None:
        self.upload, self.users = upload, 0
        self.written = upload.committed_bytes
        self.lock = threading.Lock()
        self._path, self._store, self._clock = path, store, clock
        with disk_errors("the upload"):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            # What a crash left behind the committed bytes may not be what was sent.
            os.truncate(self._descriptor, self.written)

    def append(self, offset: int, data: bytes) -> None:
        self.expect(offset)
        end = offset + len(data)
        if end > self.upload.size_bytes:
            advice = "that is the size the upload was created with"
            raise LimitExceeded("data", end, self.upload.size_bytes, "bytes", advice)
        with disk_errors("the upload"):
            view = memoryview(data)
            while view:
                view = view[os.pwrite(self._descriptor, view, end - len(view)) :]
        self.written = end
        committed = self.upload.committed_bytes
        if not committed or self.written - committed >= _COMMIT_EVERY_BYTES:
            self.commit()

    def expect(self, offset: int) -> None:
        """Return where the next piece begins at ``offset``.

        Raises:
            WriteOffsetMismatch: it begins elsewhere; that much is safe by now.
        """
        if offset != self.written:
            self.commit()
            raise WriteOffsetMismatch(f"uploads/{self.upload.id}", offset, self.written)

    def commit(self) -> None:
        if self.written == self.upload.committed_bytes:
            return
        with disk_errors("the upload"):
            os.fsync(self._descriptor)
            sync_folder(self._path.parent)
        self._keep(lambda upload: replace(upload, committed_bytes=self.written))

    def complete(self, digest: bytes | None) -> None:
        """Check the whole; ``digest`` is its SHA-256 where the caller knows it."""
        if self.upload.complete:
            return
        self.commit()
        name = f"uploads/{self.upload.id}"
        if self.written < self.upload.size_bytes:
            raise UploadIncomplete(name, self.written, self.upload.size_bytes)
        actual = digest or hash_of(self._path)
        if self.upload.sha256 and actual != self.upload.sha256:
            self._empty()
            raise ChecksumMismatch(name, self.upload.sha256.hex(), actual.hex())
        self._keep(lambda upload: replace(upload, sha256=actual, complete=True))

    def close(self) -> None:
        os.close(self._descriptor)

    def _empty(self) -> None:
        os.truncate(self._descriptor, 0)
        self.written = 0
        self._keep(lambda upload: replace(upload, committed_bytes=0))

    def _keep(self, change: Callable[[Upload], Upload]) -> None:
        """Change what the store knows; the time to live counts from here."""
        now_ms = self._clock()

        def changed(before: Upload) -> Upload:
            after = change(before)
            most_ms = after.ttl_ms if after.committed_bytes else _EMPTY_TTL_MS
            return replace(after, expires_ms=now_ms + min(after.ttl_ms, most_ms))

        self.upload = self._store.change(self.upload.id, changed)


class Writer:
    """One call's way to write to an upload; for one thread at a time."""

    def __init__(self, file: _OpenFile, release: Callable[[_OpenFile], None]) -> None:
        self._file, self._release = file, release
        # A call that sends the whole file hashes it on the way; else it is read again at the end.
        self._hash, self._hashed_bytes = hashlib.sha256(), 0

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
            StorageFull: the disk has no room left.
        """
        with self._file.lock:
            self._file.append(offset, data)
        if offset == self._hashed_bytes:
            self._hash.update(data)
            self._hashed_bytes += len(data)

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
        whole = self._hashed_bytes == self._file.upload.size_bytes
        with self._file.lock:
            self._file.expect(offset)
            self._file.complete(self._hash.digest() if whole else None)
            return self._file.upload

    def close(self) -> None:
        """Keep what was written and let go."""
        try:
            self.commit()
        finally:
            self._release(self._file)
