"""A call of ffmpeg, and all that it needs of this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Work(StrEnum):
    """What a call is for, by which its limits go."""

    LOOK = "look"  # at a file's head or a few of its packets
    SOUND = "sound"
    PICTURES = "pictures"
    COPY = "copy"
    DRAW = "draw"  # into pictures, which are decoded and encoded anew


@dataclass(frozen=True, slots=True)
class Call:
    """``argv`` begins with a program's name, to be looked up on the PATH.

    It may read the files ``reads`` and write the files ``writes``, none of which need be there
    yet, up to ``file_bytes`` each. Beyond those there is nothing but the system's libraries.
    """

    argv: Sequence[str]
    work: Work = Work.LOOK
    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()
    file_bytes: int = 0
