"""One bad input: what it is called, how it is made, and what must become of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bad_inputs.workshop import Workshop


class Way(StrEnum):
    """How the server gets it."""

    UPLOAD = "upload"
    FILE = "file"  # below a folder that the operator opened


@dataclass(frozen=True, slots=True)
class Expected:
    """``reasons`` of a refusal, one of which must come; none means that the job succeeds.

    ``notices`` must all be among those of the result.
    """

    reasons: frozenset[str] = frozenset()
    notices: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if self.reasons:
            return f"R {' or '.join(sorted(self.reasons))}"
        return f"W {', '.join(sorted(self.notices))}" if self.notices else "OK"


@dataclass(frozen=True, slots=True)
class Entry:
    """``number`` is the input's in the list, ``filename`` what the uploader calls it."""

    number: str
    title: str
    make: Callable[[Workshop], Path]
    expected: Expected
    way: Way = Way.UPLOAD
    filename: str = ""
    cues: bool | None = None  # whether there may be any; None: it does not matter


def rejected(*reasons: str) -> Expected:
    return Expected(reasons=frozenset(reasons))


def warned(*notices: str) -> Expected:
    return Expected(notices=frozenset(notices))


FINE = Expected()
NOT_MEDIA = rejected("NOT_MEDIA")

Entries = Iterator[Entry]
