"""What it costs to end a line or a cue after each word, by grammar and punctuation alone.

The costs were chosen on the first half of 544 English sentences with breaks made by people, and
checked on the second (benchmarks/segmentation.py). There, people break before 48 of 100
conjunctions and subordinators that they could break before, before 30 prepositions and auxiliaries,
20 other function words, and 8 of all other words; they break after 70 commas of 100.
"""

import string
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from polycue.cues.phrases import phrase_ends
from polycue.cues.punctuation import (
    BRACKETS,
    CLAUSE,
    NEVER_FIRST,
    TERMINAL,
    continues,
    ends_clause,
    ends_sentence,
    tails,
)
from polycue.cues.scripts import are_one, holds_together
from polycue.cues.traits import Traits, traits_of
from polycue.cues.vocabulary import vocabulary
from polycue.domain.scripts import has_unspaced, is_unspaced, runs_on
from polycue.domain.transcript import Word, text_of

CLAUSE_END = 0.0
LIST_COMMA = 1.0
BEFORE_DASH = 8.0
# Added to these:
AFTER_FUNCTION_WORD = 28.0
AFTER_STANDING_WORD = 20.0
WITHIN_NAME = 6.0
AFTER_NUMBER = 4.0
SCRAP = 3.0
SCRAP_WORDS = 2
# Not added:
AT_RARE_SPACE = 1.0  # Thai, Chinese and Japanese have one where others have a comma or a full stop
WITHIN_PHRASE = 20.0  # of a script without spaces
TORN = 60.0  # a mark parted from its word
WITHIN_LETTER = 1000.0  # dearer than a line that is too wide

_LATIN = frozenset(string.ascii_letters)


def break_costs(words: Sequence[Word], language: str) -> list[float]:
    """For each word the cost of a break after it; nothing after the last."""
    if not words:
        return []
    runs = phrase_runs(words, language)
    if len(runs) == len(words):
        return _between_phrases(words, language)
    phrases = [_as_one(words[first:after]) for first, after in runs]
    costs: list[float] = []
    for (first, after), cost in zip(runs, _between_phrases(phrases, language), strict=True):
        inside = pairwise(words[first:after])
        costs += [_within_phrase(word, following) for word, following in inside]
        costs.append(cost)
    return costs


def phrase_runs(words: Sequence[Word], language: str) -> list[tuple[int, int]]:
    """Runs of words that are one phrase: in scripts without spaces several, elsewhere one word.

    Each is given by the indexes of its first word and of the one after its last.
    """
    if not any(word.joined for word in words):
        return [(index, index + 1) for index in range(len(words))]
    begins = [index for index, word in enumerate(words) if index == 0 or not word.joined]
    runs: list[tuple[int, int]] = []
    for begin, end in pairwise([*begins, len(words)]):
        firsts = [begin, *_phrase_begins(words[begin:end], language, begin)]
        runs += pairwise([*firsts, end])
    return runs


def _phrase_begins(words: Sequence[Word], language: str, offset: int) -> list[int]:
    """Which of some words written without a space begin a phrase, counted from ``offset``."""
    text = "".join(word.text for word in words)
    ends = phrase_ends(text, language) if len(words) > 1 and has_unspaced(text) else frozenset()
    lengths = accumulate(len(word.text) for word in words)
    return [
        offset + index
        for index, (length, (word, following)) in enumerate(
            zip(lengths, pairwise(words), strict=False), start=1
        )
        if (ends is None or length in ends or word.text[-1] in TERMINAL + CLAUSE)
        and not _torn(word, following)
    ]


def _as_one(words: Sequence[Word]) -> Word:
    return words[0] if len(words) == 1 else replace(words[0], text=text_of(words))


def _within_phrase(word: Word, following: Word) -> float:
    if are_one(word.text, following.text):
        return WITHIN_LETTER
    if _torn(word, following):
        return TORN
    return WITHIN_PHRASE


def _between_phrases(phrases: Sequence[Word], language: str) -> list[float]:
    """The costs where each word is a phrase."""
    ends = tails(phrases)
    sentences = sentence_ends(phrases, language)
    clauses = [ended or ends_clause(tail) for ended, tail in zip(sentences, ends, strict=True)]
    traits = [traits_of(phrase.text, language) for phrase in phrases]
    costs: list[float] = []
    for index, (word, following) in enumerate(pairwise(phrases)):
        here, coming = traits[index], traits[index + 1]
        begins_sentence = index == 0 or sentences[index - 1]
        if _torn(word, following) or (begins_sentence and here.dash):
            costs.append(TORN)
        elif sentences[index]:
            costs.append(0.0)
        elif coming.dash:
            costs.append(BEFORE_DASH)
        elif clauses[index]:
            # After a comma before another word of content there is more of a list, as a rule.
            in_list = ends[index].endswith(",") and not coming.function_word
            costs.append(LIST_COMMA if in_list else CLAUSE_END)
        else:
            cost = AT_RARE_SPACE if _at_rare_space(word, following) else coming.opening
            cost += _ties(here, coming, begins_sentence)
            costs.append(cost + _scrap(clauses, index))
    return [*costs, 0.0]


def sentence_ends(words: Sequence[Word], language: str) -> list[bool]:
    """For each word whether a sentence ends with it, as its marks say; the last one's does."""
    if not words:
        return []
    known = vocabulary(language)
    ends = [
        ends_sentence(tail, following.text, known)
        for tail, following in zip(tails(words), words[1:], strict=False)
    ]
    return [*ends, True]


def _torn(word: Word, following: Word) -> bool:
    """Whether a break would part a mark or half a syllable from its word, or tear a word."""
    last, first = word.text[-1], following.text[0]
    if not following.joined and last in _LATIN and first in _LATIN:
        return False  # nearly always
    if continues(following.text) or last in BRACKETS or holds_together(word.text, following.text):
        return True
    if not following.joined:
        return False
    if first in NEVER_FIRST:
        return True
    spaced = not is_unspaced(last) and not is_unspaced(first)
    return spaced or are_one(word.text, following.text)


def _at_rare_space(word: Word, following: Word) -> bool:
    return not following.joined and runs_on(word.text, following.text)


def _ties(here: Traits, coming: Traits, begins_sentence: bool) -> float:
    """What binds a word to the next one."""
    cost = coming.trailing
    if here.binds:
        alone = here.standing and coming.opens_clause
        cost += AFTER_STANDING_WORD if alone else AFTER_FUNCTION_WORD
    if not begins_sentence and here.capitalised and coming.capitalised:
        cost += WITHIN_NAME
    if here.number:
        cost += AFTER_NUMBER
    return cost


def _scrap(clauses: Sequence[bool], index: int) -> float:
    """A break beside the end of a clause leaves a word or two of it alone."""
    before = index < SCRAP_WORDS or True in clauses[index - SCRAP_WORDS : index]
    return SCRAP if before or True in clauses[index + 1 : index + 1 + SCRAP_WORDS] else 0.0
