import errno
import os

import pytest

from polycue.domain.errors import StorageFull, StorageUnavailable
from polycue.jobs.disk import disk_errors, storage_errors


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such(number: int) -> None:
    with pytest.raises(StorageFull), storage_errors("the test"):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.EACCES, errno.ENOTDIR])
def test_a_disk_at_fault_is_told_as_such(number: int) -> None:
    with pytest.raises(StorageUnavailable), storage_errors("the test"):
        raise OSError(number, os.strerror(number))


def test_a_missing_file_is_just_that() -> None:
    with pytest.raises(FileNotFoundError), storage_errors("the test"):
        raise OSError(errno.ENOENT, "No such file")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageUnavailable),
        (errno.EIO, StorageUnavailable),
        (errno.EACCES, PermissionError),
        (errno.ENOENT, FileNotFoundError),
    ],
)
def test_where_much_else_happens_only_a_disk_at_fault_is_told_as_such(
    number: int, told: type[Exception]
) -> None:
    with pytest.raises(told), disk_errors("the test"):
        raise OSError(number, os.strerror(number))
