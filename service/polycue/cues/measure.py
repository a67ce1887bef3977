"""How wide text is on screen, and how much of it there is to read."""

import math
import unicodedata
from collections.abc import Iterator

import regex  # type: ignore[import-untyped]

from polycue.domain.language import primary

# Written in squares: a preset counts a full-width character as one there, all others as a half.
_SQUARE = frozenset({"ja", "zh", "ko", "yue"})
_CLUSTER = regex.compile(r"\X")
# Marks and format controls (joiners, directions) take no room; nor do control characters.
_FREE = frozenset({"Mn", "Me", "Cf", "Cc"})
# The vowel "am" of Thai and Lao stands in a column of its own, though Unicode counts it to the
# letter before it.
_OWN_COLUMN = "\u0e33\u0eb3"
_EMOJI_STYLE = "\ufe0f"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


def width(text: str, language: str) -> float:
    """The room ``text`` takes on one line, in the characters a preset counts for the language.

    Counted in grapheme clusters, so an accent, a vowel sign or a family of joined emoji costs
    nothing extra; East Asian wide characters count twice a Latin one.
    """
    return _columns(text) * (0.5 if primary(language) in _SQUARE else 1.0)


def reading_chars(text: str, language: str) -> int:
    """The characters a reader has to take in, spaces and punctuation too, line breaks not."""
    if primary(language) in _SQUARE:
        return math.ceil(width(text, language))
    text = text.replace("\n", "")
    if _plain(text):
        return len(text)
    return sum(_letters_of(cluster) for cluster in clusters(text))


def clusters(text: str) -> Iterator[str]:
    """The extended grapheme clusters of the text (Unicode annex 29), in order."""
    return (match.group() for match in _CLUSTER.finditer(text))


def _columns(text: str) -> int:
    return len(text) if _plain(text) else sum(_columns_of(cluster) for cluster in clusters(text))


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _letters_of(cluster: str) -> int:
    if _has_own_column(cluster):
        return 2
    return min(_columns_of(cluster), 1)


def _has_own_column(cluster: str) -> bool:
    return len(cluster) > 1 and cluster[-1] in _OWN_COLUMN


def _columns_of(cluster: str) -> int:
    if _EMOJI_STYLE in cluster:
        return 2
    if _has_own_column(cluster):
        return _columns_of(cluster[:-1]) + 1
    for character in cluster:
        if unicodedata.category(character) in _FREE:
            continue
        wide = unicodedata.east_asian_width(character) in "WF" or ord(character) in _FLAG_LETTERS
        return 2 if wide else 1
    return 0
