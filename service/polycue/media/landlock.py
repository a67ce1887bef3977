"""Landlock: a Linux kernel's way to let a process give up files and networks, without privilege.

A ruleset is made here, in the server; ``confine`` puts it on before it becomes ffmpeg. What is
asked for is all that the kernel at hand knows to deny: each version of the interface (ABI) knows
more. Numbers are those of ``linux/landlock.h``.
"""

import ctypes
import os
import struct
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR
from typing import Self

_CREATE_RULESET, _ADD_RULE = 444, 445  # the same on every architecture
_VERSION_FLAG = 1
_PATH_BENEATH = 1

EXECUTE, WRITE, READ, LIST = (1 << bit for bit in range(4))
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_OF_FILES = EXECUTE | WRITE | READ | _TRUNCATE | _IOCTL  # the others are rights over a folder
# How many kinds of access to files there are to deny, from the first ABI on.
_FILE_RIGHTS = (13, 14, 15, 15, 16)
_NETWORK_SINCE, _SCOPES_SINCE = 4, 6
_TCP = 0b11  # to bind, to connect
_SCOPES = 0b11  # abstract unix sockets and signals, where they are of processes outside

_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version that the kernel offers; 0 where it has none or it is switched off."""
    version: int = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    return max(0, version)


class Ruleset:
    """What may still be done; nothing but what was let in with ``allow``."""

    def __init__(self, version: int) -> None:
        """Deny all that ABI ``version`` can deny, which is at least 1.

        Raises:
            OSError: the kernel refuses.
        """
        self._denied = (1 << _FILE_RIGHTS[min(version, len(_FILE_RIGHTS)) - 1]) - 1
        network, scopes = version >= _NETWORK_SINCE, version >= _SCOPES_SINCE
        attributes = struct.pack("=Q", self._denied)
        attributes += struct.pack("=Q", _TCP) * network + struct.pack("=Q", _SCOPES) * scopes
        self.fd = _call(_CREATE_RULESET, attributes, len(attributes), 0)

    def __repr__(self) -> str:
        return f"Ruleset({self.fd})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def allow(self, path: str | Path, rights: int) -> None:
        """Let in a file, or a folder with all that is in it; links are followed.

        Raises:
            OSError: it is not there, or the kernel refuses.
        """
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not S_ISDIR(os.fstat(fd).st_mode):
                rights &= _OF_FILES
            if rights & WRITE:
                rights |= _TRUNCATE
            beneath = struct.pack("=Qi", rights & self._denied, fd)
            _call(_ADD_RULE, self.fd, _PATH_BENEATH, beneath, 0)
        finally:
            os.close(fd)

    def allow_where_there(self, path: str | Path, rights: int) -> None:
        """As ``allow``, for what not every system has."""
        with suppress(FileNotFoundError, NotADirectoryError):
            self.allow(path, rights)


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
