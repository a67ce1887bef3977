"""The filter, run by a machine of a dozen lines instead of the kernel."""

import errno
import struct
from collections.abc import Callable

import pytest

from polycue.media import seccomp

ALLOW, KILL, FORBIDDEN, ABSENT = (
    0x7FFF0000,
    0x80000000,
    0x00050000 | errno.EPERM,
    0x00050000 | errno.ENOSYS,
)
Machine = tuple[str, int]
Answer = Callable[..., int]
X86, ARM = ("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """What the filter says to a call, by its number and its first argument."""

    def run(machine: Machine, number: int, argument: int = 0) -> int:
        name, architecture = machine
        monkeypatch.setattr("platform.machine", lambda: name)
        code = seccomp.compiled()
        assert code is not None
        data = struct.pack("=IIQQ", number, architecture, 0, argument)
        program = list(struct.iter_unpack("HBBI", code))
        at = value = 0
        while True:
            operation, if_so, if_not, operand = program[at]
            at += 1
            match operation:
                case 0x20:
                    (value,) = struct.unpack_from("=I", data, operand)
                case 0x15:
                    at += if_so if value == operand else if_not
                case 0x35:
                    at += if_so if value >= operand else if_not
                case 0x45:
                    at += if_so if value & operand else if_not
                case 0x06:
                    return int(operand)

    return run


@pytest.mark.parametrize(
    ("machine", "read", "socket", "chmod", "clone", "prlimit"),
    [(X86, 0, 41, 91, 56, 302), (ARM, 63, 198, 52, 220, 261)],
    ids=lambda value: value[0] if isinstance(value, tuple) else str(value),
)
def test_what_a_film_needs_is_allowed_and_the_rest_is_not(
    answer: Answer, machine: Machine, read: int, socket: int, chmod: int, clone: int, prlimit: int
) -> None:
    assert answer(machine, read) == ALLOW
    assert answer(machine, socket) == FORBIDDEN
    assert answer(machine, chmod) == FORBIDDEN
    assert answer(machine, clone, 0x3D0F00) == ALLOW  # as pthread_create asks
    assert answer(machine, clone, 0x11) == FORBIDDEN  # as fork asks
    assert answer(machine, 435) == ABSENT  # clone3, whose flags cannot be seen
    assert answer(machine, prlimit, 0) == ALLOW
    assert answer(machine, prlimit, 4321) == FORBIDDEN


def test_calls_of_another_architecture_are_the_end(answer: Answer) -> None:
    i386 = ("x86_64", 0x40000003)

    assert answer(i386, 0) == KILL


def test_the_other_numbers_of_x86_lead_nowhere(answer: Answer) -> None:
    assert answer(X86, 0x40000000 + 41) == FORBIDDEN


def test_where_the_numbers_are_not_known_there_is_no_filter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")

    assert seccomp.compiled() is None
