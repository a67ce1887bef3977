"""Gives up what a call must not have, and then becomes the program of that call.

Not imported but run, ``python -I -S confine.py PARENT RULESET FILTER LIMITS PROGRAM ...``, since a
process can give up such things only by itself. All decisions are made before, in ``sandbox``, so
that this reads in a minute and starts in ten milliseconds:

* PARENT is the process whose end is to be its end as well.
* RULESET is a Landlock ruleset's descriptor, or "-".
* FILTER is a seccomp filter in hexadecimal digits, or "-".
* LIMITS are resource limits, ``NUMBER=SOFT:HARD`` with commas between.

Privileges of root go as well, but for those to read any file, which the server would have too.
Whatever else cannot be given up is an end with status 125 and a line on stderr.
"""

import ctypes
import os
import resource
import struct
import sys

FAILED = 125

# Of prctl.
_SET_DEATH_SIGNAL, _SET_SECCOMP, _DROP_PRIVILEGE, _SET_NO_NEW_PRIVILEGES = 1, 22, 24, 38
_FILTER_MODE = 2
_LANDLOCK_RESTRICT_SELF = 446
# Numbers, since the module ``signal`` takes longer to load than all the rest.
_SIGKILL, _SIGPIPE, _SIGXFSZ = 9, 13, 25
_IGNORED_BY_PYTHON = (_SIGPIPE, _SIGXFSZ)
_PRIVILEGES = range(64)
_READING_ANY_FILE = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

_libc = ctypes.CDLL(None, use_errno=True)


def main(parent: str, ruleset: str, seccomp: str, limits: str, *command: str) -> None:
    die_with(int(parent))
    for ignored in _IGNORED_BY_PYTHON:  # which would be inherited
        _libc.signal(ignored, None)
    for limit in limits.split(","):
        number, _, values = limit.partition("=")
        soft, _, hard = values.partition(":")
        resource.setrlimit(int(number), (int(soft), int(hard)))
    for privilege in _PRIVILEGES:
        if privilege not in _READING_ANY_FILE:
            _libc.prctl(_DROP_PRIVILEGE, privilege, 0, 0, 0)  # fails where there are none to drop
    must(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    if ruleset != "-":
        must(_libc.syscall(_LANDLOCK_RESTRICT_SELF, int(ruleset), 0))
        os.close(int(ruleset))
    if seccomp != "-":
        code = ctypes.create_string_buffer(bytes.fromhex(seccomp))
        program = struct.pack("HP", len(seccomp) // 16, ctypes.addressof(code))
        must(_libc.prctl(_SET_SECCOMP, _FILTER_MODE, program, 0, 0))
    os.execve(command[0], command, {"PATH": os.environ["PATH"]})  # noqa: S606


def die_with(parent: int) -> None:
    must(_libc.prctl(_SET_DEATH_SIGNAL, _SIGKILL, 0, 0, 0))
    if os.getppid() != parent:  # it ended before this was said
        sys.exit(FAILED)


def must(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"cannot be confined: {error.strerror}\n")
        sys.exit(FAILED)
