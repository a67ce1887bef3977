"""A seccomp filter: system calls that nothing which reads or writes a film has any use for.

It closes what Landlock leaves open or does not know of on an older kernel: sockets of every kind
(UDP, too), new processes, signals to others, and the parts of the kernel that are attacked most.
What is denied looks to the program like a call that is not allowed, or not there.
"""

import errno
import platform
import struct
from collections.abc import Iterator

# Name: its number on x86-64 and on 64-bit ARM; None where it is not to be had.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # networks, and io_uring, which opens sockets behind the filter's back
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),
    # new processes; threads are ``clone``
    "fork": (57, None),
    "vfork": (58, None),
    # other processes
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "sched_setaffinity": (203, 122),
    "setpriority": (141, 140),
    # what Landlock does not mind: modes, owners, attributes and times of any file
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "truncate": (76, 45),
    # where most holes of the kernel were
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
_CLONE, _PRLIMIT = (56, 220), (302, 261)
_CLONE3 = 435  # its flags lie in memory, where no filter sees them; libc falls back to clone
_NEW_THREAD = 0x10000  # CLONE_THREAD

# What audit calls the architectures, in the order of the columns above.
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # x86-64's other numbering of the same calls

# An instruction is an operation, two jumps (forward, counted) and a number.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # in seccomp_data
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_FORBIDDEN = _ERROR | errno.EPERM

_Instruction = tuple[int, int, int, int]


def compiled() -> bytes | None:
    """The filter for this machine; None for an architecture whose numbers are not known here."""
    known = _ARCHITECTURES.get(platform.machine())
    if known is None:
        return None
    return b"".join(struct.pack("=HBBI", *each) for each in _filter(*known))


def _filter(column: int, architecture: int) -> Iterator[_Instruction]:
    yield _LOAD, 0, 0, _ARCHITECTURE_AT
    yield _IF_EQUAL, 1, 0, architecture
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER_AT
    yield _IF_AT_LEAST, 0, 1, _X32
    yield _RETURN, 0, 0, _FORBIDDEN
    for numbers in _DENIED.values():
        if (number := numbers[column]) is not None:
            yield _IF_EQUAL, 0, 1, number
            yield _RETURN, 0, 0, _FORBIDDEN
    yield _IF_EQUAL, 0, 1, _CLONE3
    yield _RETURN, 0, 0, _ERROR | errno.ENOSYS
    yield from _only_if(_CLONE[column], (_IF_ANY_BIT, 1, 0, _NEW_THREAD))
    yield from _only_if(_PRLIMIT[column], (_IF_EQUAL, 1, 0, 0))  # 0: of the process itself
    yield _RETURN, 0, 0, _ALLOW


def _only_if(number: int, its_first_argument: _Instruction) -> Iterator[_Instruction]:
    """Allow one call if its argument passes a test, which then skips an instruction."""
    yield _IF_EQUAL, 0, 4, number
    yield _LOAD, 0, 0, _FIRST_ARGUMENT_AT
    yield its_first_argument
    yield _RETURN, 0, 0, _FORBIDDEN
    yield _RETURN, 0, 0, _ALLOW
