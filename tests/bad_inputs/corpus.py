"""All inputs that are media, in the order of their numbers."""

import re
from collections.abc import Iterator

from bad_inputs import attacks, exhaustion, more, names, sound, structure
from bad_inputs.entry import Entry


def entries() -> list[Entry]:
    return sorted(_all(), key=lambda entry: _order(entry.number))


def _all() -> Iterator[Entry]:
    for part in (attacks, structure, sound, exhaustion, names, more):
        yield from part.entries()


def _order(number: str) -> tuple[int, str]:
    digits, letter = re.fullmatch(r"(\d+)(\w*)", number).groups()  # type: ignore[union-attr]
    return int(digits), letter
