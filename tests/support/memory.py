"""What the kernel says a process holds."""

import os
from pathlib import Path


def resident_bytes(pid: int) -> int:
    return _field(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """The most it ever held."""
    return _field(pid, "VmHWM")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/task"))


def _field(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)
