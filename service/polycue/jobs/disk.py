"""The system's words for a disk at fault, turned into ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from polycue.domain.errors import StorageFull, StorageUnavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_AT_FAULT = {errno.EROFS, errno.EIO}


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """For a block that does nothing but read or write there; a missing file stays one.

    Raises:
        StorageFull: the block found the disk, or its owner's quota, full.
        StorageUnavailable: the disk is read-only or broken, or belongs to somebody else.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(what) from error
        raise StorageUnavailable(what, error.strerror or str(error)) from error


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """For a block that does much else too: what need not be the disk's fault stays as it is.

    Raises:
        StorageFull: the block found the disk, or its owner's quota, full.
        StorageUnavailable: it found the disk read-only or broken.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL | _AT_FAULT:
            raise
        with storage_errors(what):
            raise
