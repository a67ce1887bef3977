"""Where lines and cues part what belongs together.

The same word lists and marks as in ``breaks``, which avoids what is told of here.
"""

import re
from collections.abc import Iterator, Sequence

from polycue.cues.lint.sheet import Checked, NotChecked, Outcome, Sheet
from polycue.cues.punctuation import CLOSING, TERMINAL, bare, ends_sentence, has_letters
from polycue.cues.vocabulary import Vocabulary, vocabulary
from polycue.domain.language import primary
from polycue.domain.report import LintRule, Violation

# Subtitles in these have no full stops, or their writers do without.
_UNMARKED = frozenset({"ja", "zh", "yue", "th", "lo", "km", "my"})
_TERMINAL = frozenset(TERMINAL)
# A mark that may end a sentence, and more text after it.
_MAY_END_INSIDE = re.compile(rf"[{re.escape(TERMINAL)}][{re.escape(CLOSING)}]*\s+\S")


def line_end(sheet: Sheet) -> Outcome:
    known = vocabulary(sheet.rules.language)
    if not known.function_words:
        return _no_words(sheet)
    found = []
    for number, cue in enumerate(sheet.cues, 1):
        for line, following in zip(cue.lines, cue.lines[1:], strict=False):
            word = line.split()[-1]
            if _belongs_to_next(word, following.split()[0], known):
                found.append(Violation(LintRule.LINE_END, number, detail=word))
                break
    return Checked(found)


def cue_end(sheet: Sheet) -> Outcome:
    known = vocabulary(sheet.rules.language)
    if not known.function_words:
        return _no_words(sheet)
    found = []
    for place, following in _followed(sheet):
        word = sheet.cues[place].lines[-1].split()[-1]
        if _belongs_to_next(word, following, known):
            found.append(Violation(LintRule.CUE_END, place + 1, detail=word))
    return Checked(found)


def sentence_inside(sheet: Sheet) -> Outcome:
    language = sheet.rules.language
    if primary(language) in _UNMARKED:
        return NotChecked(f"subtitles in {language} do not mark where a sentence ends")
    known = vocabulary(language)
    found = []
    for place, following in _followed(sheet):
        text = sheet.cues[place].text
        if _MAY_END_INSIDE.search(text):
            tokens = [*text.split(), following]
            ends = [at for at in range(len(tokens) - 1) if _ends_sentence(tokens, at, known)]
            if ends and ends[-1] < len(tokens) - 2:
                found.append(Violation(LintRule.SENTENCE_INSIDE, place + 1))
    return Checked(found)


def _ends_sentence(tokens: Sequence[str], at: int, known: Vocabulary) -> bool:
    """As ``breaks.sentence_ends``, for those that have a mark which may end one."""
    token = tokens[at]
    if token.rstrip(CLOSING)[-1:] not in _TERMINAL:
        return False
    alone = at > 0 and not has_letters(token)
    return ends_sentence(tokens[at - 1] + token if alone else token, tokens[at + 1], known)


def _followed(sheet: Sheet) -> Iterator[tuple[int, str]]:
    """The place of each cue in time but the last, and the first word of the next one."""
    for place, next_place in zip(sheet.in_time, sheet.in_time[1:], strict=False):
        yield place, sheet.cues[next_place].lines[0].split()[0]


def _belongs_to_next(word: str, following: str, known: Vocabulary) -> bool:
    """Whether a break would part a function word from what it belongs to.

    One that may stand alone, such as "that", may do so at the end of a clause.
    """
    if not word[-1].isalnum():
        return False
    text = bare(word)
    if text not in known.function_words and text.rpartition("'")[2] not in known.function_words:
        return False
    return not (text in known.standing and bare(following) in known.clause_openers)


def _no_words(sheet: Sheet) -> NotChecked:
    return NotChecked(f"there is no list of function words for {sheet.rules.language}")
