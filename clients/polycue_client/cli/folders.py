"""Temporary folders that go with the process that made them, at the latest when the next comes."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "polycue-"
_OWNER = "owner"  # its maker holds a lock on this file, which ends with the process in any case


@contextlib.contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder that only this user can enter (mkdtemp makes it 0700).

    Those of processes that were killed are removed.
    """
    _remove_orphans(parent or Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with _owned(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _owned(folder: Path) -> Iterator[None]:
    draft = folder / f"{_OWNER}.draft"
    with draft.open("wb") as file:
        # Few file systems have no locks; what is left there stays.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
            draft.rename(folder / _OWNER)  # so that it is never there without its lock
        yield


def _remove_orphans(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # it has no owner's file, is locked or has just gone
            status = folder.lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid():
                with (folder / _OWNER).open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
