"""What ffmpeg may touch and what it may cost; each call is confined to its own files.

Three layers that need no privilege: Landlock (files, TCP), a seccomp filter (all other networks,
processes) and resource limits. The kernel may lack the first or the second: ``layers`` says so, and
the rest holds without them.
"""

import ctypes
import errno
import os
import resource
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from polycue.domain.errors import SandboxMissing, ToolMissing
from polycue.media import landlock, seccomp
from polycue.media.call import Call, Work

MIB = 2**20
MAX_OPEN_FILES = 64
# ffmpeg's own code takes about 50 MiB of memory, and with all that is only reserved, 300 MiB of
# addresses.
_LIBRARY_BYTES = 64 * MIB
_MAPPED_BYTES = 1024 * MIB
# Of the time that sound may take. A look takes a tenth of a second, pictures go by the whole film.
_SHARE_OF_CPU = {Work.LOOK: 1 / 60, Work.PICTURES: 60, Work.DRAW: 60}
_CPU_GRACE_S = 5  # from the signal that ffmpeg may heed to the one that it cannot

_RUN = landlock.READ | landlock.EXECUTE
# Libraries, and what scripts in the place of ffmpeg are written in. The same folder under two names
# is let in twice, which does no harm.
_SYSTEM = ("/usr/bin", "/bin", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.preload", "/dev/null", "/dev/urandom")
_FONTS = ("/usr/share", "/usr/local/share", "/etc/fonts", "/var/cache/fontconfig")
_STORES = (
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
)  # where a program's libraries lie in folders of their own

_CONFINE = Path(__file__).with_name("confine.py")
_PR_SET_SECCOMP, _FILTER_MODE = 22, 2


@dataclass(frozen=True, slots=True)
class Budget:
    """What one call may cost at most: memory in bytes, time of one processor in seconds."""

    memory_bytes: int = 512 * MIB
    drawing_memory_bytes: int = 4096 * MIB
    cpu_s: int = 600


@dataclass(frozen=True, slots=True)
class Limits:
    memory_bytes: int
    cpu_s: int
    file_bytes: int


_budget = Budget()


def configure(budget: Budget) -> None:
    """Give all calls from now on another budget. Called once, at start."""
    global _budget
    _budget = budget


def limits_of(call: Call) -> Limits:
    drawing = call.work is Work.DRAW
    return Limits(
        memory_bytes=_budget.drawing_memory_bytes if drawing else _budget.memory_bytes,
        cpu_s=max(1, int(_budget.cpu_s * _SHARE_OF_CPU.get(call.work, 1))),
        file_bytes=call.file_bytes,
    )


@cache
def layers() -> Mapping[str, bool]:
    """The sandbox's layers, and whether this machine has them."""
    return {"landlock": landlock.abi() > 0, "seccomp": _has_seccomp(), "limits": True}


def require() -> None:
    """Go on only where every layer is there.

    Raises:
        SandboxMissing: one is not.
    """
    if missing := [layer for layer, there in layers().items() if not there]:
        raise SandboxMissing(missing)


@contextmanager
def confined(call: Call) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """What is to be executed for a call, and the descriptors that it has to inherit.

    These are open only within the block: start it there.

    Raises:
        ToolMissing: the program is not on the PATH.
        OSError: a file of the call is not there, or the kernel refuses a rule.
    """
    program = shutil.which(call.argv[0])
    if program is None:
        raise ToolMissing(call.argv[0])
    for path in call.writes:
        path.touch()
    inherited = tuple(_held_open(call))
    if not layers()["landlock"]:
        yield _command_line(program, call, "-"), inherited
        return
    with landlock.Ruleset(landlock.abi()) as rules:
        _allow(rules, program, call)
        yield _command_line(program, call, str(rules.fd)), (rules.fd, *inherited)


def _command_line(program: str, call: Call, ruleset: str) -> list[str]:
    code = seccomp.compiled() if layers()["seccomp"] else None
    return [
        *(sys.executable, "-I", "-S", str(_CONFINE)),
        str(os.getpid()),
        ruleset,
        code.hex() if code else "-",
        ",".join(f"{number}={soft}:{hard}" for number, soft, hard in _rlimits(call)),
        program,
        *call.argv[1:],
    ]


def _rlimits(call: Call) -> Iterator[tuple[int, int, int]]:
    limits = limits_of(call)
    yield _at_most(resource.RLIMIT_DATA, limits.memory_bytes - _LIBRARY_BYTES)
    yield _at_most(resource.RLIMIT_AS, limits.memory_bytes + _MAPPED_BYTES)
    yield _at_most(resource.RLIMIT_CPU, limits.cpu_s, grace=_CPU_GRACE_S)
    yield _at_most(resource.RLIMIT_FSIZE, limits.file_bytes)
    yield _at_most(resource.RLIMIT_NOFILE, MAX_OPEN_FILES + len(call.reads))
    yield _at_most(resource.RLIMIT_CORE, 0)


def _at_most(number: int, limit: int, grace: int = 0) -> tuple[int, int, int]:
    """The soft and the hard limit; nobody can be given more than this process has."""
    _, most = resource.getrlimit(number)
    if most == resource.RLIM_INFINITY:
        return number, limit, limit + grace
    return number, min(limit, most), min(limit + grace, most)


def _allow(rules: landlock.Ruleset, program: str, call: Call) -> None:
    for folder in _SYSTEM:
        rules.allow_where_there(folder, _RUN)
    for file in _SYSTEM_FILES:
        rules.allow_where_there(file, landlock.READ)
    _allow_program(rules, Path(program).resolve())
    if call.work is Work.DRAW:
        for folder in _FONTS:
            rules.allow_where_there(folder, landlock.READ | landlock.LIST)
    for path in call.reads:
        rules.allow(path, landlock.READ)
    for path in call.writes:
        rules.allow(path, landlock.READ | landlock.WRITE)  # MP4's index is moved to its front


def _allow_program(rules: landlock.Ruleset, program: Path) -> None:
    """Let in a program that is not the system's, with its libraries."""
    rules.allow(program, _RUN)
    rules.allow_where_there(program.parent.parent / "lib", _RUN)
    for store in _STORES:
        if program.is_relative_to(store):
            rules.allow(store, _RUN)


def _held_open(call: Call) -> Iterator[int]:
    """Descriptors of inputs that are names for one of this process, which keeps it open."""
    for path in call.reads:
        if path.is_symlink():
            target = os.readlink(path)
            if target.startswith("/proc/self/fd/"):
                yield int(target.removeprefix("/proc/self/fd/"))


def _has_seccomp() -> bool:
    """Whether the kernel would take a filter: without one, it complains of just that."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, None, 0, 0)
    return ctypes.get_errno() == errno.EFAULT and seccomp.compiled() is not None
