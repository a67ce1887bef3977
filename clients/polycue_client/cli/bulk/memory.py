"""Where a run keeps what it is to go on with: its journal, and the jobs of a server of its own."""

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import IO

_ENDS_WITHIN_S = 20.0  # more than a server gives its threads and its calls


def state_folder() -> Path:
    """As the XDG base directory specification says."""
    named = os.environ.get("XDG_STATE_HOME", "")
    return (Path(named) if named else Path.home() / ".local" / "state") / "polycue" / "bulk"


class Memory:
    """``label`` names the run, ``data_dir`` is for an embedded server; None where there is none.

    ``close`` leaves what is kept to the next run.
    """

    def __init__(self, label: str, *, is_embedded: bool) -> None:
        self.journal = state_folder() / f"{label}.jsonl"
        folder = state_folder() / f"{label}.server"
        self._claim = _claimed(state_folder() / f"{label}.lock") if is_embedded else None
        self.data_dir = folder if self._claim and _can_be_had(folder) else None

    def __repr__(self) -> str:
        return f"Memory({self.journal.stem})"

    def close(self) -> None:
        if self._claim:
            self._claim.close()

    def forget_jobs(self) -> None:
        """Remove what the server kept, once that has ended and all is done."""
        if self.data_dir:
            shutil.rmtree(self.data_dir, ignore_errors=True)


def _claimed(path: Path) -> IO[bytes] | None:
    """The file, locked for as long as it is open; None where another run has it, or none can be.

    Of two runs that begin in the same moment neither has a server yet to tell them apart.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:
        return None
    if _is_free(file.fileno()):
        return file
    file.close()
    return None


def _can_be_had(folder: Path) -> bool:
    """Whether it can be written, and no server is at it.

    The lock is the server's own. That of a run which was killed a moment ago may still be ending.
    """
    until_s = time.monotonic() + _ENDS_WITHIN_S
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        while not _is_free(lock):
            if time.monotonic() > until_s:
                return False
            time.sleep(0.1)
    finally:
        os.close(lock)
    return True


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
