"""Every fault we know of, and the tests that hold us to outliving it.

The numbers are those of our own list; what must be true after each is in ``support.aftermath``. A
test sees to it that each one named here exists. ``make test-faults`` runs those below this folder.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """``tests`` are named as ``path::name`` below tests/; ``left_out`` says what they leave out."""

    number: int
    what: str
    tests: tuple[str, ...] = ()
    left_out: str = ""
