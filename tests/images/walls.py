"""Runs a program in an image's files as a careful host would: ``python walls.py ORDER.json``.

To be started in new namespaces of mounts, processes and the network (``unshare``). The root becomes
read-only, with fresh file systems for /tmp and the volumes; the program is another user than the
image names, has no capability and can get none; there is no network but the loopback of its own.
"""

import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _CLEAR_ALL = 24, 38, 47, 4
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_DEVICES = ("full", "null", "random", "urandom", "zero")
_LIBC = ctypes.CDLL(None, use_errno=True)


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def furnish(root: Path, order: dict[str, Any]) -> None:
    """The file systems that a container's runtime brings, and the root read-only."""
    mount("--make-rprivate", "/")
    mount("--bind", root, root)
    mount("-t", "proc", "proc", root / "proc")
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "dev")
    for name in _DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", Path("/dev") / name, root / "dev" / name)
    (root / "dev/shm").mkdir()
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root / "dev/shm")
    for folder in ("/tmp", *order["volumes"]):  # noqa: S108
        mount("-t", "tmpfs", "-o", f"mode=1777,uid={order['uid']}", "tmpfs", f"{root}{folder}")
    for inside, outside in order["brought"].items():
        mount("--bind", "-o", "ro", outside, f"{root}{inside}")
    mount("-o", "remount,bind,ro", root)


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        flags = fcntl.ioctl(door, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        up = struct.unpack("16sh14x", flags)[1] | _IFF_UP
        fcntl.ioctl(door, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", up))


def prctl(*numbers: int) -> None:
    words = [ctypes.c_ulong(number) for number in (*numbers, 0, 0, 0, 0)][:5]
    if _LIBC.prctl(*words):
        raise OSError(ctypes.get_errno(), f"prctl {numbers}")


def become_nobody(uid: int) -> None:
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        prctl(_PR_CAPBSET_DROP, capability)
    prctl(_PR_CAP_AMBIENT, _CLEAR_ALL)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text())
    root = Path(order["root"])
    furnish(root, order)
    raise_loopback()
    os.chroot(root)
    os.chdir(order["folder"])
    become_nobody(order["uid"])
    os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606


if __name__ == "__main__":
    main()
