"""Is a translation fit to be shown? Simple rules that take no model, each sure of what it says."""

import re
import unicodedata
from collections.abc import Sequence

from polycue.translation.tokens import words

_MOST_RATIO, _SLACK = 2.5, 12  # how many columns one may be longer than the other: times and plus
_LOOP_TIMES = 3  # so often a speaker may say a thing, or once more than the source
_LOOP_WIDTH = 12
_LONGEST_LOOP = 8  # words, or characters of a language without spaces
_COPIED_LOWER_WORDS = 2  # "Leonardo da Vinci" has one, a sentence that was not translated has more
_COPIED_WIDE_CHARS = 8


def objection(source: str, translated: str) -> str | None:
    """What is wrong with ``translated``, in a few words; None when nothing is."""
    if not words(translated):
        return "it is empty" if words(source) or source.strip() != translated.strip() else None
    if _loops(translated, _LOOP_WIDTH) > max(_LOOP_TIMES, _loops(source) + 1):
        return "it repeats itself"
    if _copied(source, translated):
        return "it was not translated"
    shorter, longer = sorted((_width(source), _width(translated)))
    if longer > _MOST_RATIO * shorter + _SLACK:
        return f"it is far too {'short' if _width(translated) == shorter else 'long'}"
    return None


def _width(text: str) -> int:
    """Columns on a terminal: half as many Chinese characters say as much as English ones."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
        if not unicodedata.combining(char)
    )


def _loops(text: str, least_width: int = 0) -> int:
    """How many times in a row some run of words stands there; shorter loops do not count."""
    tokens = words(text)
    sizes = range(1, min(_LONGEST_LOOP, len(tokens)) + 1)
    return max((_repeats(tokens, size, least_width) for size in sizes), default=1)


def _repeats(tokens: Sequence[str], size: int, least_width: int) -> int:
    """How many times in a row the same ``size`` tokens stand there, 1 where nothing repeats."""
    most, same = 1, 0
    for i in range(size, len(tokens)):
        same = same + 1 if tokens[i] == tokens[i - size] else 0
        times = same // size + 1
        if times > most and times * _width("".join(tokens[i - size + 1 : i + 1])) >= least_width:
            most = times
    return most


def _copied(source: str, translated: str) -> bool:
    """Names, numbers and single words may be the same in both languages, sentences may not."""
    if words(source) != words(translated):
        return False
    if source.isupper():
        source = source.lower()
    lower = sum(word[0].islower() for word in re.findall(r"\w+", source))
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in source)
    return lower >= _COPIED_LOWER_WORDS or wide >= _COPIED_WIDE_CHARS
