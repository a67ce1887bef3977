"""Words that a decoder says over and over because it does not find out of a loop."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LONGEST = 40  # words of one copy; in Japanese and Chinese a word is a character
# How often something must stand in a row. People do say things two or three times.
_FEWEST_COPIES = {1: 6, 2: 4}
_FEWEST_COPIES_OF_LONGER = 3
_FEWEST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Loop:
    """Copies of ``size`` words that follow each other from word ``first`` on, until ``after``.

    Behind the last copy there may be the beginning of one more, where the text ended within it.
    """

    first: int
    size: int
    copies: int
    after: int


def bare(text: str) -> str:
    """The letters, digits and vowel signs of a text, without regard to case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c).startswith("M"))


def find_loops(texts: Sequence[str]) -> list[Loop]:
    """The loops in a chunk's words, in order, none overlapping another."""
    words = [bare(text) or text for text in texts]
    found: list[Loop] = []
    at = 0
    while at < len(words):
        loop = _longest_at(words, at)
        if loop:
            found.append(loop)
        at = loop.after if loop else at + 1
    return found


def kept(count: int, loops: Sequence[Loop]) -> list[int]:
    """Of ``count`` words the numbers of those that stay when each loop is cut to one copy."""
    gone = {n for loop in loops for n in range(loop.first + loop.size, loop.after)}
    return [number for number in range(count) if number not in gone]


def _longest_at(words: Sequence[str], first: int) -> Loop | None:
    """The loop from ``first`` on that covers the most; of those alike the one of fewest words."""
    longest: Loop | None = None
    for size in range(1, min(_LONGEST, (len(words) - first) // 2) + 1):
        loop = _loop(words, first, size)
        if loop and (longest is None or loop.after > longest.after):
            longest = loop
    return longest


def _loop(words: Sequence[str], first: int, size: int) -> Loop | None:
    after = first + size
    while after < len(words) and words[after] == words[after - size]:
        after += 1
    copies = (after - first) // size
    fewest = _FEWEST_COPIES.get(size, _FEWEST_COPIES_OF_LONGER)
    if copies < fewest or copies * size < _FEWEST_WORDS:
        return None
    rest_belongs = after == len(words)
    return Loop(first, size, copies, after if rest_belongs else first + copies * size)
