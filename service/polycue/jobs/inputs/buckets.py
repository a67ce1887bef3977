"""Files in buckets of others, read with the server's own credentials where the operator says so."""

import time
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SourceUnusable,
    StorageUnavailable,
)
from polycue.jobs.disk import storage_errors
from polycue.jobs.files.objects import PERMANENT, Objects
from polycue.jobs.inputs.rules import InBucket

_PIECE_BYTES = 8 * 1024 * 1024


class Buckets:
    """Safe to use from several threads."""

    def __init__(self, objects: Objects, *, timeout_s: float) -> None:
        self._objects, self._timeout_s = objects, timeout_s

    def fetch(self, place: InBucket, path: Path, cancel: CancelToken, most_bytes: int) -> str:
        """Store an object at ``path``; returns what changes with its bytes. Blocks.

        Raises:
            SourceUnusable: it is not there, not ours to read, or changed meanwhile.
            SourceUnreachable: it may be read another time.
            SourceTooLarge: it has more than ``most_bytes``.
            SourceTooSlow: it did not come in its time.
            StorageFull: there is no room for it.
            Cancelled: at once when the flag is set.
        """
        try:
            return self._fetch(place, path, cancel, most_bytes)
        except FileNotFoundError as error:
            raise SourceUnusable(place.bucket, "there is no such object") from error
        except StorageUnavailable as error:
            if error.problem in PERMANENT:
                raise SourceUnusable(place.bucket, f"it says {error.problem}") from error
            raise SourceUnreachable(place.bucket, error.problem) from error

    def _fetch(self, place: InBucket, path: Path, cancel: CancelToken, most_bytes: int) -> str:
        until_s = time.monotonic() + self._timeout_s
        key = f"{place.bucket}/{place.key}"
        size_bytes, tag = self._objects.size_and_tag(key, cancel)
        if size_bytes > most_bytes:
            raise SourceTooLarge(place.bucket, most_bytes)
        with path.open("xb") as file:
            for start in range(0, size_bytes, _PIECE_BYTES):
                end = min(start + _PIECE_BYTES, size_bytes)
                data = self._objects.get(key, start, end, cancel)
                with storage_errors("the job's input"):
                    file.write(data)
                if time.monotonic() > until_s:
                    raise SourceTooSlow(place.bucket, self._timeout_s)
        if self._objects.size_and_tag(key, cancel) != (size_bytes, tag):
            raise SourceUnusable(place.bucket, "the object changed while it was read")
        return tag
