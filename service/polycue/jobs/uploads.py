"""Files clients send: taken in by offset, so that a call that broke is no loss."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from polycue import telemetry
from polycue.domain.errors import LimitExceeded, StoreError, UploadIncomplete
from polycue.domain.limits import TenantLimits
from polycue.jobs.clock import Clock
from polycue.jobs.files.protocol import Files, upload_shelf
from polycue.jobs.job import new_id
from polycue.jobs.store.upload_protocol import UploadStore
from polycue.jobs.upload import Upload
from polycue.jobs.writing import EMPTY_TTL_MS, OpenUpload, Writer

log = telemetry.logger(__name__)


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """``max_stored_bytes`` is for uploads and jobs, ``of_tenant`` says what one may have."""

    max_upload_bytes: int
    max_stored_bytes: int
    max_ttl_ms: int
    of_tenant: Callable[[str], TenantLimits] = lambda _: TenantLimits()


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
        self,
        store: UploadStore,
        files: Files,
        *,
        clock: Clock,
        limits: UploadLimits,
    ) -> None:
        self._store, self._files = store, files
        self._clock, self._limits = clock, limits
        self._lock = threading.Lock()
        self._open: dict[str, OpenUpload] = {}

    def create(self, tenant: str, draft: UploadDraft) -> Upload:
        """Reserve room and a name nobody can guess; without a byte they do not last long.

        Raises:
            LimitExceeded: the file is larger than an upload may be.
            UploadQuotaExceeded: all that is stored would be.
            QuotaExceeded: all that is stored of the tenant would be.
            RequestIdReused: the request id was used with another payload.
        """
        if draft.size_bytes > self._limits.max_upload_bytes:
            raise LimitExceeded(
                "size_bytes", draft.size_bytes, self._limits.max_upload_bytes, "bytes"
            )
        ttl_ms = min(draft.ttl_ms or self._limits.max_ttl_ms, self._limits.max_ttl_ms)
        upload = Upload(
            id=new_id(),
            tenant=tenant,
            filename=draft.filename,
            size_bytes=draft.size_bytes,
            sha256=draft.sha256,
            ttl_ms=ttl_ms,
            expires_ms=self._clock() + min(ttl_ms, EMPTY_TTL_MS),
            request_id=draft.request_id,
            fingerprint=draft.fingerprint,
        )
        return self._store.create(
            upload,
            max_stored_bytes=self._limits.max_stored_bytes,
            limits=self._limits.of_tenant(tenant),
        )

    def get(self, tenant: str, upload_id: str) -> Upload:
        """Raises NotFound where the tenant has no such upload."""
        return self._store.get(tenant, upload_id)

    def complete(self, tenant: str, upload_id: str) -> Upload:
        """An upload that is all there.

        Raises:
            NotFound: the tenant has no such upload.
            UploadIncomplete: bytes are missing, or nobody said that they are all.
        """
        upload = self.get(tenant, upload_id)
        if not upload.complete:
            raise UploadIncomplete(
                f"uploads/{upload_id}", upload.committed_bytes, upload.size_bytes
            )
        return upload

    def put(self, tenant: str, draft: UploadDraft, data: bytes) -> Upload:
        """A complete upload of bytes that are here already."""
        upload = self.create(tenant, draft)
        with self.writer(tenant, upload.id) as writer:
            writer.append(0, data)
            return writer.finish(len(data))

    def delete(self, tenant: str, upload_id: str, *, if_expired: bool = False) -> None:
        """Remove an upload. A call that still writes to it finds it gone.

        The row goes first: of two servers one gets it, and what dies in between leaves files that
        are nobody's, for a sweep to find.

        Raises:
            NotFound: the tenant has no such upload, or none whose time is over.
        """
        self._store.delete(tenant, upload_id, if_expired=if_expired)
        try:
            self._files.remove(upload_shelf(upload_id))
        except StoreError:
            log.warning("bytes of a deleted upload stay until the next sweep", exc_info=True)

    def writer(self, tenant: str, upload_id: str) -> Writer:
        """One call's way to write to an upload; close it.

        Raises:
            NotFound: the tenant has no such upload.
        """
        with self._lock:
            upload = self._store.get(tenant, upload_id)
            file = self._open.get(upload_id)
            if file is None or file.stale:
                file = OpenUpload(upload, self._store, self._files, self._clock)
                self._open[upload_id] = file
            file.users += 1
        return Writer(file, self._release)

    def _release(self, file: OpenUpload) -> None:
        with self._lock:
            file.users -= 1
            if not file.users:
                if self._open.get(file.upload.id) is file:
                    del self._open[file.upload.id]
                file.close()
