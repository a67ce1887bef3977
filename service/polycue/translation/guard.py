"""Is a translation fit to be shown? Simple rules that take no model, each sure of what it says."""

import re
import unicodedata
from collections.abc import Sequence

from polycue.domain.translation import Objection
from polycue.translation.losses import lost_name, lost_number
from polycue.translation.scripts import in_script, scripts
from polycue.translation.tokens import words

_MOST_RATIO, _SLACK = 2.5, 12  # how many columns one may be longer than the other: times and plus
_LOOP_TIMES = 3  # so often a speaker may say a thing, or once more than the source
_LOOP_WIDTH = 12
_LONGEST_LOOP = 8  # words, or characters of a language without spaces
_COPIED_LOWER_WORDS = 2  # "Leonardo da Vinci" has one, a sentence that was not translated has more
_COPIED_WIDE_CHARS = 8
_FOREIGN_LETTERS = 3  # fewer may be a symbol or an initial


def objection(source: str, translated: str, spoken: str, language: str) -> Objection | None:
    """What is wrong with ``translated``; None when nothing is.

    ``spoken`` is the language of ``source``, ``language`` that of ``translated``.
    """
    if not words(translated):
        meant = words(source) or source.strip() != translated.strip()
        return Objection.EMPTY if meant else None
    if _loops(translated, _LOOP_WIDTH) > max(_LOOP_TIMES, _loops(source) + 1):
        return Objection.LOOP
    if _copied(source, translated):
        return Objection.UNTRANSLATED
    if _is_foreign(source, translated, language):
        return Objection.WRONG_SCRIPT
    shorter, longer = sorted((_width(source), _width(translated)))
    if longer > _MOST_RATIO * shorter + _SLACK:
        return Objection.TOO_SHORT if _width(translated) == shorter else Objection.TOO_LONG
    if lost_number(source, translated):
        return Objection.NUMBER_LOST
    if lost_name(source, translated, spoken, language):
        return Objection.NAME_LOST
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


def _is_foreign(source: str, translated: str, language: str) -> bool:
    """Whether most letters are of a script that the language is not written with.

    Names may keep theirs: a capitalised word that the source has too does not count.
    """
    if not scripts(language):
        return False
    names = {word for word in re.findall(r"\w+", source) if not word[0].islower()}
    rest = re.sub(r"\w+", lambda word: "" if word[0] in names else word[0], translated)
    foreign = sum(map(str.isalpha, rest)) - in_script(rest, language)
    return foreign >= _FOREIGN_LETTERS and 2 * foreign > sum(map(str.isalpha, rest))
