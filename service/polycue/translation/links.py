"""Which word of a source each word of its translation comes from, by the model's attention.

It is the attention by which CTranslate2 replaces unknown tokens, for Argos too, of the last
layer; so it is believed only where it looks at one word more than at all others together.
"""

from collections.abc import Sequence
from itertools import accumulate

_WORD_START = "\u2581"
_SURE = 0.5  # of a word's attention, on one word of the source
UNKNOWN = -1


def links(
    source: Sequence[str], target: Sequence[str], attention: Sequence[Sequence[float]], text: str
) -> tuple[int, ...]:
    """One for each word of ``text``, which the pieces ``target`` make; empty where it is not known.

    ``attention`` has a row for each piece of the target and a column for each of the source.
    """
    here, there = _word_of(source), _word_of(target)
    if not attention or not here or not there or there[-1] + 1 != len(text.split()):
        return ()
    looks = [[0.0] * (here[-1] + 1) for _ in range(there[-1] + 1)]
    for row, word in zip(attention, there, strict=False):
        for share, origin in zip(row, here, strict=False):
            looks[word][origin] += share
    return tuple(map(_surest, looks))


def onward(before: Sequence[int], after: Sequence[int]) -> tuple[int, ...]:
    """The links of a pivot: those to the words between, through theirs to the source."""
    known = range(len(before))
    return tuple(before[link] if link in known else UNKNOWN for link in after)


def _surest(looks: Sequence[float]) -> int:
    most = max(looks)
    return looks.index(most) if most >= _SURE * sum(looks) > 0 else UNKNOWN


def _word_of(pieces: Sequence[str]) -> list[int]:
    """For each piece the number of its word; empty where the pieces do not say it."""
    numbers = list(accumulate(piece.startswith(_WORD_START) for piece in pieces))
    return [number - 1 for number in numbers] if numbers and numbers[0] else []
