"""What uploads are kept in: what they are, that is, and not their bytes. As ``JobStore`` else."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from polycue.domain.limits import TenantLimits
from polycue.jobs.upload import Upload


class UploadStore(Protocol):
    def create(
        self, upload: Upload, *, max_stored_bytes: int, limits: TenantLimits = ...
    ) -> Upload:
        """Keep an upload and reserve its room, or return the one made by the same request before.

        Jobs, with their results, take their part of the room too, and each of both a little more.

        Raises:
            RequestIdReused: the request id was used with another payload.
            UploadQuotaExceeded: all together would be larger than ``max_stored_bytes``.
            QuotaExceeded: those of the tenant would be larger than they may be.
        """
        ...

    def get(self, tenant: str, upload_id: str) -> Upload:
        """Raises NotFound where the tenant has no such upload."""
        ...

    def change(self, upload_id: str, change: Callable[[Upload], Upload]) -> Upload:
        """Replace an upload by what ``change`` makes of it, in one step; see ``JobStore``.

        Raises:
            NotFound: there is no such upload.
        """
        ...

    def delete(self, tenant: str, upload_id: str, *, if_expired: bool = False) -> Upload:
        """Remove an upload; whoever removed it gets it as it was, and removes its bytes.

        Raises:
            NotFound: the tenant has no such upload, or none that ``expired`` would name.
        """
        ...

    def expired(self) -> Sequence[Upload]:
        """Uploads whose time is over."""
        ...

    def ids(self) -> Collection[str]:
        """Of all uploads."""
        ...
