"""What the marks around a word say: where a sentence ends, where a clause does."""

import re
from collections.abc import Sequence

from polycue.cues.vocabulary import Vocabulary
from polycue.domain.transcript import Word

BRACKETS = (
    "„‚([{¿¡「『【〈《（［〔｛〖〘｢〝"  # these only open; most quotation marks do both somewhere
)
_QUOTES = "\"'“”‘’«»‹›"
OPENING = BRACKETS + _QUOTES
CLOSING = ")]}」』】〉》）］〕｝〗〙｣〟〞" + _QUOTES
TERMINAL = ".!?…‥。．｡！？؟۔।॥"
CLAUSE = ",;:—–،؛、，；：､"
DASHES = "-–—"
_ENDING = frozenset(TERMINAL + CLOSING + CLAUSE)
# Quotation marks and dashes may be the first of a line.
NEVER_FIRST = "".join(mark for mark in CLOSING + TERMINAL + CLAUSE if mark not in _QUOTES + DASHES)
_ELLIPSES = ("...", "…", "‥")
_TERMINALS, _CLAUSE_ENDS = tuple(TERMINAL), ("--", *CLAUSE)
_LONGEST_TAIL = 64  # more than any abbreviation with its marks
# "J." of "J. Smith" and "U.S.": letters, each with a full stop but the last.
_INITIALS = re.compile(r"[^\W\d_](\.[^\W\d_])*")
_INITIAL = re.compile(r"[^\W\d_]\.")
_ORDINAL = re.compile(r"\d{1,2}")


def bare(text: str) -> str:
    """The word as vocabularies have it: lower case, without the marks around it."""
    return text.replace("’", "'").strip(OPENING + CLOSING + TERMINAL + CLAUSE + "-").lower()


def has_letters(text: str) -> bool:
    """Whether there is more in it than marks."""
    return text[0].isalnum() or any(character.isalnum() for character in text)


def tails(words: Sequence[Word]) -> list[str]:
    """For each word its text, or for a mark that stands alone the word before it and the mark.

    So the end of ``. 」`` is seen as that of a sentence, and of ``said --`` as that of a clause.
    """
    ends: list[str] = []
    for word in words:
        alone = bool(ends) and not has_letters(word.text)
        ends.append((ends[-1] + word.text)[-_LONGEST_TAIL:] if alone else word.text)
    return ends


def ends_clause(tail: str) -> bool:
    return not tail[-1].isalnum() and tail.rstrip(CLOSING).endswith(_CLAUSE_ENDS)


def ends_sentence(tail: str, following: str, vocabulary: Vocabulary) -> bool:
    """Whether a sentence ends between the two.

    Not after an abbreviation, an initial or (in languages that write ordinals so) a day of the
    month; after an ellipsis or within quotation marks only where no lower case follows.
    """
    if tail[-1].isalnum():
        return False
    body = tail.rstrip(CLOSING)
    if not body.endswith(_TERMINALS) or continues(following):
        return False
    if body.endswith(_ELLIPSES) or len(body) < len(tail):
        return not _starts_lower(following)
    return not (body.endswith(".") and _is_abbreviation(body, following, vocabulary))


def continues(following: str) -> bool:
    """Whether this is a mark that belongs to the word before it, such as a lone ``?`` or ``」``."""
    return following[0] in _ENDING and not has_letters(following) and not is_dash(following)


def is_dash(text: str) -> bool:
    """Whether it is a dash that stands alone: before a turn of a dialogue, or for a pause."""
    return text[0] in DASHES and not has_letters(text)


def _starts_lower(text: str) -> bool:
    return next((letter.islower() for letter in text if letter.isalnum()), False)


def _is_abbreviation(body: str, following: str, vocabulary: Vocabulary) -> bool:
    word = body.lstrip(OPENING)[:-1]
    if word.lower() in vocabulary.abbreviations:
        return True
    if vocabulary.ordinals and _ORDINAL.fullmatch(word):
        return True
    if word == "I" or not _INITIALS.fullmatch(word):
        return False
    # A lone "y." or "a." is the end of a sentence, but not that of "z. B." or "т. е. директор".
    return not word.islower() or _starts_lower(following) or _INITIAL.match(following) is not None
