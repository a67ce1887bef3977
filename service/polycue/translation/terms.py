"""Terms whose translation is settled, found in a text and brought through a translation.

A model's tokeniser cuts what it does not know into pieces, and the model may turn them into
anything. So a term goes through it in the guise of a made-up name or number, which models tend to
copy; or it takes the place of what the model wrote for it; or the text is translated around it.
Whether it came through is looked at each time.
"""

import functools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from polycue.domain.translation import Term

# Tried in this order; each has more disguises than a sentence has terms, or the rest stay plain.
NAMES = ("Zorvane", "Kelmira", "Tavosk", "Brunelda", "Marvika", "Dorbane")
NUMBERS = ("7401", "7402", "7403", "7404", "7405", "7406")
DISGUISES = (NAMES, NUMBERS)
_TELLTALE_CHARS = 5  # of a disguise, by which a changed copy of it is known

# Thai, Lao, Burmese, Hangul, Khmer, kana and Han: not parted from other words by spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
)
_LETTER = f"[^\\W{_UNSPACED}]"


@dataclass(frozen=True, slots=True)
class Found:
    """A term where it stands in a text, and what is to stand there in the translation.

    ``exact``: in just these letters; otherwise a sentence may begin with it and give it a capital.
    """

    start: int
    end: int
    wanted: str
    exact: bool


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms of one target language; where two begin at one place the longer counts."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def of(cls, terms: Sequence[Term]) -> Self:
        return cls(tuple(sorted(terms, key=lambda term: -len(term.text))))

    def find(self, text: str) -> tuple[Found, ...]:
        """The terms in ``text`` as whole words, in order, none over another."""
        taken: list[Found] = []
        folded = text.casefold()
        for term in self.terms:
            if term.text.split()[0].casefold() not in folded:
                continue  # nearly always: most terms of a glossary are not in a sentence
            for match in _pattern(term.text, exact=term.case_sensitive).finditer(text):
                start, end = match.span()
                if all(end <= other.start or other.end <= start for other in taken):
                    wanted = _wanted(term, match[0])
                    taken.append(Found(start, end, wanted, exact=not term.translation))
        return tuple(sorted(taken, key=lambda found: found.start))


def kept(translated: str, terms: Sequence[Found]) -> bool:
    """Whether each term stands there as often as it should, as a whole word."""
    due = Counter((found.wanted, found.exact) for found in terms)
    return all(
        _occurrences(translated, wanted, exact=exact) >= times
        for (wanted, exact), times in due.items()
    )


def _occurrences(text: str, wanted: str, *, exact: bool) -> int:
    first, rest = wanted[:1], wanted[1:]
    forms = {wanted} if exact else {wanted, first.upper() + rest, first.lower() + rest}
    return sum(len(_pattern(form, exact=True).findall(text)) for form in forms)


def disguised(text: str, terms: Sequence[Found], disguises: Sequence[str]) -> str | None:
    """The text with a disguise for each term; None where they do not suffice or are in it."""
    if len(terms) > len(disguises) or any(disguise in text for disguise in disguises):
        return None
    return _with(text, terms, disguises)


def revealed(translated: str, terms: Sequence[Found], disguises: Sequence[str]) -> str | None:
    """The terms in place of their disguises; None unless each came through once and unchanged."""
    rest = translated.casefold()
    for disguise in disguises[: len(terms)]:
        if rest.count(disguise[:_TELLTALE_CHARS].casefold()) != 1:
            return None
    for found, disguise in zip(terms, disguises, strict=False):
        matches = list(_pattern(disguise, exact=True).finditer(translated))
        if len(matches) != 1:
            return None
        start, end = matches[0].span()
        translated = translated[:start] + found.wanted + translated[end:]
    return translated


def in_place(
    source: str, translated: str, links: Sequence[int], terms: Sequence[Found]
) -> str | None:
    """The translation with each term where the words stand that were written for it.

    None unless each was written as one run of words, no longer than itself: with a longer one an
    article or a conjunction would go.
    """
    words = translated.split()
    if len(links) != len(words):
        return None
    for found in terms:
        first, last = source[: found.start].count(" "), source[: found.end].count(" ")
        run = [index for index, link in enumerate(links) if first <= link <= last]
        if not run or run[-1] - run[0] >= len(run) or len(run) > last - first + 1:
            return None
        head, tail = _marks(words[run[0]])[0], _marks(words[run[-1]])[1]
        for index in run:
            words[index] = ""
        words[run[0]] = head + found.wanted + tail
    return " ".join(filter(None, words))


def around(text: str, terms: Sequence[Found]) -> list[str]:
    """The text between the terms, before the first and after the last; may be marks or empty."""
    edges = [0, *(edge for found in terms for edge in (found.start, found.end)), len(text)]
    return [text[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2)]


def joined(parts: Sequence[str], translated: Sequence[str], terms: Sequence[Found]) -> str:
    """Translations of the parts ``around`` terms put together again, with the terms between.

    Where a part had white space at its edge, or was translated there, it gets it again.
    """
    out = []
    for index, (part, text) in enumerate(zip(parts, translated, strict=True)):
        before = part[: len(part) - len(part.lstrip())]
        after = part[len(part.rstrip()) :]
        out.append(before + text + after if text else part)
        if index < len(terms):
            out.append(terms[index].wanted)
    return "".join(out)


def _marks(word: str) -> tuple[str, str]:
    """The marks a word begins and ends with."""
    bare = word.strip("".join(char for char in word if not char.isalnum()))
    head, _, tail = word.partition(bare) if bare else ("", "", "")
    return head, tail


def _with(text: str, terms: Sequence[Found], texts: Sequence[str]) -> str:
    for found, other in reversed(list(zip(terms, texts, strict=False))):
        text = text[: found.start] + other + text[found.end :]
    return text


def _wanted(term: Term, written: str) -> str:
    """What is to be shown for a term; a capital that only the sentence gave it is kept."""
    if not term.translation:
        return written
    capital = written[:1].isupper() and not term.text[:1].isupper()
    return term.translation[:1].upper() + term.translation[1:] if capital else term.translation


@functools.lru_cache(maxsize=1024)
def _pattern(text: str, *, exact: bool) -> re.Pattern[str]:
    """Finds the text where it is no part of a longer word.

    What is written without spaces, or takes its particles without one, may stand right beside it:
    "FFmpegを使う". A term in such a script itself is found wherever it stands.
    """
    head = f"(?<!{_LETTER})" if re.match(_LETTER, text[:1]) else ""
    tail = f"(?!{_LETTER})" if re.match(_LETTER, text[-1:]) else ""
    body = r"\s+".join(map(re.escape, text.split()))
    return re.compile(head + body + tail, 0 if exact else re.IGNORECASE)
