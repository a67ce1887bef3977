"""What two people who write down the same speech have in common: its bare words."""

import re
import unicodedata
from collections.abc import Sequence

from polycue.domain.scripts import has_unspaced

# "[door slams]", "(sighs)", "♪": written, not spoken.
_NOT_SPOKEN = re.compile(r"\[[^\]]*\]|\([^)]*\)|（[^）]*）|<[^>]*>|[♪♫♬#*]")
# "JOHN:" and "- ": who speaks. Only capitals, or the start of many a sentence would be lost.
_SPEAKER = re.compile(r"^\s*[-–—]?\s*(?:[A-Z][A-Z0-9 .'\-]{1,24}:)?")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def bare_words(text: str) -> list[str]:
    """The words of a text without case, marks and accents written in two ways.

    What stands for no sound is left out: labels in brackets, notes, names of speakers.
    """
    lines = [_SPEAKER.sub("", line) for line in _NOT_SPOKEN.sub(" ", text).splitlines()]
    folded = unicodedata.normalize("NFKC", " ".join(lines)).casefold().replace("’", "'")
    return [piece for word in _WORD.findall(folded) for piece in _pieces(word)]


def _pieces(word: str) -> Sequence[str]:
    """Where no spaces part words, each character is one."""
    return list(word) if has_unspaced(word) else [word]
