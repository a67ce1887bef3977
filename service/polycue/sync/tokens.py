"""What two people who write down the same speech have in common: its bare words."""

import re
import unicodedata
from collections.abc import Sequence

# "[door slams]", "(sighs)", "♪": written, not spoken.
_NOT_SPOKEN = re.compile(r"\[[^\]]*\]|\([^)]*\)|（[^）]*）|<[^>]*>|[♪♫♬#*]")
# "JOHN:" and "- ": who speaks. Only capitals, or the start of many a sentence would be lost.
_SPEAKER = re.compile(r"^\s*[-–—]?\s*(?:[A-Z][A-Z0-9 .'\-]{1,24}:)?")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
# Scripts that put no spaces between words: each character is a word of its own.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def bare_words(text: str) -> list[str]:
    """The words of a text without case, marks and accents written in two ways.

    What stands for no sound is left out: labels in brackets, notes, names of speakers.
    """
    lines = [_SPEAKER.sub("", line) for line in _NOT_SPOKEN.sub(" ", text).splitlines()]
    folded = unicodedata.normalize("NFKC", " ".join(lines)).casefold().replace("’", "'")
    return [piece for word in _WORD.findall(folded) for piece in _pieces(word)]


def _pieces(word: str) -> Sequence[str]:
    return list(word) if _UNSPACED.search(word) else [word]
