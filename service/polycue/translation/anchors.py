"""Places where a translation is surely at the same point as its source."""

import heapq
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from polycue.domain.transcript import Word

_KINDS = (",、，،", ";；:：", ".。।", "?？؟", "!！", "—–…")
_MARKS = {mark: kind for kind, marks in enumerate(_KINDS) for mark in marks}
_CLOSING = "\"'”’»)]）」』 "
_NUMBER, _NAME, _MARK = 3.0, 2.0, 1.0  # how far each is to be trusted
_FARTHEST = 0.35  # of the sentence, between where a mark or word is and where it would be
_FASTEST = 4.0  # times the sentence's mean pace, between two anchors
_SLACK = 0.05  # of the sentence, by which a pace may be off for nothing
_MOST_CANDIDATES = 300  # bounds the search, whatever the text
_NEVER = float("-inf")
_SURE_LENGTH = 5  # letters from which a word in both languages is no accident ("war", "die")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Boundary ``target`` of the translation lies at the start or end of a source word.

    ``target`` counts the pieces before it; ``source`` is a fraction of the spoken time.
    """

    source: float
    target: int


@dataclass(frozen=True, slots=True)
class Hint:
    """A sign from elsewhere that boundary ``target`` lies where source word ``word`` starts."""

    word: int
    target: int
    trust: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: float
    target: int
    written: float  # the same boundary as a fraction of the translation's characters
    trust: float


def anchors(
    words: Sequence[Word],
    spoken: Sequence[tuple[float, float]],
    pieces: Sequence[str],
    hints: Sequence[Hint] = (),
) -> list[Anchor]:
    """The most trustworthy anchors that are in order in both languages.

    ``spoken`` holds start and end of each of ``words`` as fractions of the spoken time.
    """
    total = sum(map(weight, pieces))
    written = [done / total for done in accumulate(map(weight, pieces), initial=0)]
    candidates = [*_candidates(words, spoken, pieces, written)]
    for hint in hints:
        start = spoken[hint.word][0]
        candidates += _candidate(start, hint.target, written[hint.target], hint.trust)
    best = heapq.nlargest(_MOST_CANDIDATES, candidates, key=lambda c: (c.trust, -c.target))
    return [Anchor(c.source, c.target) for c in _in_order(best, len(pieces))]


def weight(piece: str) -> int:
    """How long a piece takes to say, in letters; its marks are a breath or a falling voice.

    Counted so, 80 words of 100 lie within 250 ms of what they mean in sentences of one clause, and
    77 when marks are left out (benchmarks/translation_timing.py).
    """
    return sum(not char.isspace() for char in piece)


@dataclass(frozen=True, slots=True)
class _Features:
    """What a word has that lasts through a translation."""

    digits: str
    letters: str  # without case and accents
    capital: bool
    mark: int | None  # kind of the mark it ends in, quotes and brackets aside

    @classmethod
    def of(cls, word: str) -> Self:
        plain = unicodedata.normalize("NFKD", word.casefold())
        return cls(
            digits="".join(filter(str.isdigit, word)),
            letters="".join(filter(str.isalpha, plain)),
            capital=next(filter(str.isalpha, word), "").isupper(),
            mark=_MARKS.get(word.rstrip(_CLOSING)[-1:]),
        )

    def sameness(self, other: Self) -> float:
        """How far to trust that both are one number or one name; 0 when they are not."""
        if self.digits or other.digits:
            return _NUMBER if self.digits == other.digits else 0.0
        if self.letters != other.letters:
            return 0.0
        name = self.capital and other.capital and len(self.letters) > 1
        return _NAME if name or len(self.letters) >= _SURE_LENGTH else 0.0


def _candidates(
    words: Sequence[Word],
    spoken: Sequence[tuple[float, float]],
    pieces: Sequence[str],
    written: Sequence[float],
) -> Iterator[_Candidate]:
    there = [_Features.of(piece) for piece in pieces]
    for word, (start, end) in zip(words, spoken, strict=True):
        here = _Features.of(word.text)
        for j, other in enumerate(there):
            yield from _candidate(start, j, written[j], here.sameness(other))
            same_mark = here.mark is not None and here.mark == other.mark
            yield from _candidate(end, j + 1, written[j + 1], _MARK if same_mark else 0.0)


def _candidate(source: float, target: int, written: float, trust: float) -> Iterator[_Candidate]:
    """A pair of boundaries, if it says anything and neither lies at an end of the sentence."""
    distance = abs(source - written) / _FARTHEST
    if trust and distance < 1 and 0 < source < 1 and 0 < written < 1:
        yield _Candidate(source, target, written, trust * (1 - distance))


def _in_order(candidates: Sequence[_Candidate], end: int) -> list[_Candidate]:
    """The chain of greatest trust in which both sides rise, at a pace people speak at."""
    first, last = _Candidate(0.0, 0, 0.0, 0.0), _Candidate(1.0, end, 1.0, 0.0)
    chain = [first, *sorted(candidates, key=lambda c: (c.source, c.target)), last]
    trust, came_from = [0.0], [0]
    for i, candidate in enumerate(chain[1:], start=1):
        before = [(trust[k], k) for k in range(i) if _follows(chain[k], candidate)]
        best, k = max(before, default=(_NEVER, 0))
        trust.append(best + candidate.trust)
        came_from.append(k)
    found: list[_Candidate] = []
    i = came_from[-1]
    while i > 0:
        found.append(chain[i])
        i = came_from[i]
    return found[::-1]


def _follows(one: _Candidate, other: _Candidate) -> bool:
    rises = one.source < other.source and one.target < other.target
    return rises and _paced(other.source - one.source, other.written - one.written)


def _paced(spoken: float, written: float) -> bool:
    return written <= _FASTEST * spoken + _SLACK and spoken <= _FASTEST * written + _SLACK
