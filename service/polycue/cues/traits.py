"""What the text of a word alone says of breaks beside it, in one language."""

import functools
from typing import NamedTuple

from polycue.cues.punctuation import OPENING, bare, is_dash
from polycue.cues.vocabulary import vocabulary

# What a break before a word costs, where no clause ends before it.
BEFORE_CLAUSE = 3.0
BEFORE_PHRASE = 4.0
BEFORE_FUNCTION_WORD = 5.0
ELSEWHERE = 7.0
BEFORE_TRAILING_WORD = 8.0  # added to these

_REMEMBERED_CHARS = 64  # longer texts are no words, and would fill the memory


class Traits(NamedTuple):
    """``opening`` is the cost of a break before the word, ``trailing`` what is added to it.

    A ``function_word`` is one or begins with one; ``binds`` says it is one or ends with one, and
    ``standing`` that it may stand alone nevertheless.
    """

    opening: float
    trailing: float
    function_word: bool
    opens_clause: bool
    binds: bool
    standing: bool
    capitalised: bool
    number: bool
    dash: bool


def traits_of(text: str, language: str) -> Traits:
    find = _remembered if len(text) <= _REMEMBERED_CHARS else _traits
    return find(text, language)


def _traits(text: str, language: str) -> Traits:
    known = vocabulary(language)
    word = bare(text)
    if text[-1] in "'’" and f"{word}'" in known.function_words:
        word += "'"  # elided, and parted from its word: no quotation mark
    opens_clause = _begins_with(word, known.clause_openers)
    function_word = _begins_with(word, known.function_words)
    opening = ELSEWHERE
    if opens_clause:
        opening = BEFORE_CLAUSE
    elif _begins_with(word, known.phrase_openers):
        opening = BEFORE_PHRASE
    elif function_word:
        opening = BEFORE_FUNCTION_WORD
    ending = word.rpartition("'")[2]
    return Traits(
        opening=opening,
        trailing=BEFORE_TRAILING_WORD if word in known.trailing else 0.0,
        function_word=function_word,
        opens_clause=opens_clause,
        binds=word in known.function_words or ending in known.function_words,
        standing=word in known.standing,
        capitalised=text.lstrip(OPENING)[:1].isupper(),
        number=text[0].isdigit(),
        dash=is_dash(text),
    )


_remembered = functools.lru_cache(maxsize=8192)(_traits)  # words come back


def _begins_with(word: str, words: frozenset[str]) -> bool:
    """Whether the word is one of these, or begins with one that lost its vowel: ``qu'il``."""
    head, apostrophe, _ = word.partition("'")
    return word in words or (apostrophe != "" and head + apostrophe in words)
