"""Whom a process has started, and the memory that it shares with them."""

import contextlib
import os
import threading
import time
from pathlib import Path

WAIT_S = 60


def descendants(pid: int) -> dict[int, str]:
    """Children and theirs, with their command lines."""
    found: dict[int, str] = {}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(children).split():
            command = _read(Path(f"/proc/{child.decode()}/cmdline"))
            found[int(child)] = command.replace(b"\0", b" ").decode(errors="replace")
            found |= descendants(int(child))
    return found


def _read(path: Path) -> bytes:
    """Nothing where the thread or the process has ended meanwhile."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def child_of(pid: int, word: str) -> int:
    """A descendant that has the word in its command line, as soon as there is one."""
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        for child, command in descendants(pid).items():
            if word in command:
                return child
        threading.Event().wait(0.002)
    raise AssertionError(f"{pid} has no child with {word!r}: {descendants(pid)}")


def signalled(pid: int, number: int) -> bool:
    """Whether it was still there to be signalled."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def arenas() -> int:
    """In how many arenas this process has something mapped."""
    return Path("/proc/self/maps").read_text().count("memfd:polycue")


def arena_bytes(pid: int) -> int:
    """How much memory its arena has taken that a process was given."""
    files = [f for f in Path(f"/proc/{pid}/fd").iterdir() if "memfd:polycue" in os.readlink(f)]
    return files[0].stat().st_blocks * 512
