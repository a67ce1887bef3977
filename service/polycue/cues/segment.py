"""Words into cues and lines: one dynamic programme over all word boundaries.

Where to end a cue and where to break its lines is one decision: a shorter cue now may buy a whole
clause on the next. For every word the cheapest way to end a cue with it is found from the cheapest
ways to end one before it, so the result is the best there is under ``Weights``. Limits of lines,
width and longest stay hold by construction; only a single word may exceed them.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import accumulate

from polycue.cues.breaks import break_costs, sentence_ends
from polycue.cues.lines import Lines
from polycue.cues.presets import Rules
from polycue.cues.shots import CROSSES_MS
from polycue.cues.weights import CUES, LINES, Weights
from polycue.domain.transcript import Word

# A pause is heard from here on, and a hole in the middle of a cue from there on.
SHORT_PAUSE_MS = 150
LONG_PAUSE_MS = 800


@dataclass(frozen=True, slots=True)
class Costs:
    """Why a cue is as it is: what each of its traits costs. A negative cost is a gain."""

    cue: float  # of being one at all, so that there are not too many
    boundary: float  # of ending where it ends
    pause: float  # what a pause there takes off that
    lines: float
    shortness: float
    inside: float  # of sentences that end, and pauses and cuts that lie within it
    time: float  # of more to read than there is time for, and of a short stay

    @property
    def total(self) -> float:
        return math.fsum(getattr(self, field.name) for field in fields(self))

    def named(self) -> tuple[tuple[str, float], ...]:
        """For people, to three decimals."""
        return tuple((field.name, round(getattr(self, field.name), 3)) for field in fields(self))


@dataclass(frozen=True, slots=True)
class Segment:
    """The words of one cue, set on lines."""

    words: tuple[Word, ...]
    lines: tuple[str, ...]
    costs: Costs


def segment(
    words: Sequence[Word],
    rules: Rules,
    *,
    next_start_ms: int | None = None,
    cuts_ms: Sequence[int] = (),
    weights: Weights = CUES,
) -> list[Segment]:
    """Cut ``words`` into cues; every word once and in order.

    ``next_start_ms`` is when somebody speaks next after them, None if nobody does; ``cuts_ms`` are
    when the picture cuts, in order.
    """
    programme = Programme(words, rules, next_start_ms, weights, cuts_ms)
    return [programme.segment(first, after) for first, after in programme.solve()]


class Programme:
    """The costs of every possible cue of some words, and the search for the cheapest cues.

    A cue is given by the indexes of its first word and of the one after its last.
    """

    def __init__(
        self,
        words: Sequence[Word],
        rules: Rules,
        next_start_ms: int | None,
        weights: Weights,
        cuts_ms: Sequence[int] = (),
    ) -> None:
        self._words, self._rules, self._weights = words, rules, weights
        self._breaks = break_costs(words, rules.language)
        self._lines = Lines(words, self._breaks, rules, weights)
        # Times as they should be: no word starts before the one before it.
        self._starts = list(accumulate((word.start_ms for word in words), max))
        self._ends = [max(w.end_ms, s) for w, s in zip(words, self._starts, strict=True)]
        nexts = [*self._starts[1:], next_start_ms][: len(words)]
        self._pauses = [_between(end, start) for end, start in zip(self._ends, nexts, strict=True)]
        gap_ms = rules.grid.gap_ms
        self._room_ends = [
            end + min(rules.linger_ms, max(0, pause - gap_ms))
            for end, pause in zip(self._ends, self._pauses, strict=True)
        ]
        self._inside = self._inside_before(cuts_ms if rules.shot_zone_ms else ())
        self._enough = min(weights.short_below * rules.max_line_chars, weights.short_chars)
        self._unhurried_ms = weights.stay_enough * rules.min_cue_ms
        self._reading_ms = 1000 / rules.max_chars_per_second
        self._by_price = rules.max_line_count <= 2

    def solve(self) -> list[tuple[int, int]]:
        """The cheapest cues for all words, in order."""
        size = len(self._words)
        cheapest, begins = [0.0] + [math.inf] * size, [0] * (size + 1)
        firsts = self._firsts()
        for after in range(1, size + 1):
            ending = self._weights.cue + self._boundary(after) + self._pause(after)
            least, begin = math.inf, after
            for first in self._tried(range(firsts[after], after), cheapest):
                # The other terms are never negative, and lines are the dearest of them to weigh.
                cost = cheapest[first] + ending
                if cost > least:
                    if self._by_price:
                        break
                    continue
                cost += sum(self._body(first, after))
                if cost <= least:
                    cost += self._lines.best(first, after, least - cost)[0]
                # Of two that cost the same the longer is taken.
                if (cost, first) < (least, begin):
                    least, begin = cost, first
            cheapest[after], begins[after] = least, begin
        return _path(begins)

    def _tried(self, firsts: range, cheapest: Sequence[float]) -> Iterable[int]:
        """Where a cue may begin, in the order in which to look.

        Two lines are weighed in no time, so the cheapest beginnings come first, and what is dearer
        than a whole cue already ends the search. More lines can be set in a great many ways: there
        the shortest cues come first, whose costs spare weighing most longer ones.
        """
        return sorted(firsts, key=cheapest.__getitem__) if self._by_price else reversed(firsts)

    def costs(self, first: int, after: int) -> Costs:
        shortness, inside, time = self._body(first, after)
        return Costs(
            cue=self._weights.cue,
            boundary=self._boundary(after),
            pause=self._pause(after),
            lines=self._lines.best(first, after)[0],
            shortness=shortness,
            inside=inside,
            time=time,
        )

    def segment(self, first: int, after: int) -> Segment:
        """The cue, its lines set once more for themselves (see ``weights.LINES``)."""
        lines = self._lines.reweighed(LINES)
        texts = lines.texts(first, lines.best(first, after)[1], after)
        return Segment(tuple(self._words[first:after]), texts, self.costs(first, after))

    def _firsts(self) -> list[int]:
        """For each end of a cue the earliest word it may begin with."""
        reach = self._lines.reach(self._rules.max_line_count)
        firsts, first = [0], 0
        for after in range(1, len(self._words) + 1):
            while reach[first] < after or self._stays_too_long(first, after):
                first += 1
            firsts.append(first)
        return firsts

    def _stays_too_long(self, first: int, after: int) -> bool:
        stay = self._ends[after - 1] - self._starts[first]
        return after > first + 1 and stay > self._rules.max_cue_ms

    def _boundary(self, after: int) -> float:
        return self._weights.cue_break * self._breaks[after - 1]

    def _pause(self, after: int) -> float:
        weights, pause_ms = self._weights, self._pauses[after - 1]
        if pause_ms < SHORT_PAUSE_MS:
            return 0.0
        relief = min(weights.pause_most, weights.pause * pause_ms / 1000)
        return -min(relief, self._boundary(after) + weights.pause_gain)

    def _inside_before(self, cuts_ms: Sequence[int]) -> list[float]:
        """What the sentence ends, pauses and cuts after the words before each index cost inside."""
        weights, words = self._weights, self._words
        ends = sentence_ends(words, self._rules.language)
        holes = (pause if pause >= LONG_PAUSE_MS else 0 for pause in self._pauses)
        amounts = (
            weights.sentence_inside * ended
            + weights.pause_inside * hole / 1000
            + weights.cut_inside * cut
            for ended, hole, cut in zip(ends, holes, self._at_cuts(cuts_ms), strict=True)
        )
        return list(accumulate(amounts, initial=0.0))

    def _at_cuts(self, cuts_ms: Sequence[int]) -> Iterator[bool]:
        """For each word whether the picture cuts while there is a pause after it."""
        for end_ms, pause_ms in zip(self._ends, self._pauses, strict=True):
            first = bisect_left(cuts_ms, end_ms - CROSSES_MS)
            after = bisect_right(cuts_ms, end_ms + pause_ms + CROSSES_MS, first)
            yield pause_ms >= SHORT_PAUSE_MS and first < after

    def _body(self, first: int, after: int) -> tuple[float, float, float]:
        """The terms ``shortness``, ``inside`` and ``time`` of ``Costs``."""
        weights = self._weights
        width = self._lines.width(first, after)
        shortness = weights.short * (1 - width / self._enough) if width < self._enough else 0.0
        inside = self._inside[after - 1] - self._inside[first]
        # Its width is as good as its characters here, and already known.
        needed_ms = self._reading_ms * width
        room_ms = self._room_ends[after - 1] - self._starts[first] or 1
        time = weights.speed * (needed_ms - room_ms) / 1000 if needed_ms > room_ms else 0.0
        if room_ms < self._unhurried_ms:
            time += weights.stay * (1 - room_ms / self._unhurried_ms)
        return shortness, inside, time


def _between(end_ms: int, start_ms: int | None) -> int:
    """The pause after a word; where nobody speaks again, one as long as any."""
    return LONG_PAUSE_MS if start_ms is None else max(0, start_ms - end_ms)


def _path(begins: Sequence[int]) -> list[tuple[int, int]]:
    """The cues that lead to the last word, read backwards from it."""
    cues, after = [], len(begins) - 1
    while after > 0:
        cues.append((begins[after], after))
        after = begins[after]
    return cues[::-1]
