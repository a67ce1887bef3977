"""A file that appears whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polycue.domain.errors import Unwritable


@contextmanager
def folder_beside(to: Path) -> Iterator[Path]:
    """A new folder on the file system of ``to``, so that a rename out of it is one step."""
    try:
        if to.is_dir():
            raise Unwritable(to, "is a folder")
        folder = tempfile.TemporaryDirectory(prefix=".polycue-", dir=to.parent)
    except OSError as error:
        raise unwritable(to, error) from error
    with folder as name:
        yield Path(name)


def unwritable(to: Path, error: OSError) -> Unwritable:
    return Unwritable(to, error.strerror or "cannot be written")


def publish(copy: Path, to: Path) -> None:
    _sync(copy)
    copy.replace(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    """See that it survives a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
