"""The words of a cue onto its lines."""

from collections.abc import Sequence
from copy import copy
from itertools import accumulate, pairwise
from math import inf

from polycue.cues.measure import width
from polycue.cues.presets import Rules
from polycue.cues.punctuation import DASHES
from polycue.cues.tokens import single_spaced
from polycue.cues.weights import Weights
from polycue.domain.transcript import Word, text_of

Cuts = tuple[int, ...]

# A text that needs more lines than this is no cue, and is only filled up line by line.
_MOST_LINES = 12


class Lines:
    """Every way to set a run of ``words`` on lines, and what each costs.

    A run is given by the indexes of its first word and of the one after its last.
    ``break_costs`` are those of ``breaks.break_costs`` for the same words.
    """

    def __init__(
        self, words: Sequence[Word], break_costs: Sequence[float], rules: Rules, weights: Weights
    ) -> None:
        self._words, self._break_costs, self._weights = words, break_costs, weights
        self._max_width, self._max_count = rules.max_line_chars, rules.max_line_count
        self._starts, self._ends = _positions(words, rules.language)
        self._line_ends = self._furthest_ends()
        turns = [self._is_turn(index) for index in range(len(words))]
        wide = [self.width(index, index + 1) > self._max_width for index in range(len(words))]
        self._turns = list(accumulate(turns, initial=0))  # how many words before each index are one
        odd = (turn or too_wide for turn, too_wide in zip(turns, wide, strict=True))
        self._odd = list(accumulate(odd, initial=0))

    def reweighed(self, weights: Weights) -> "Lines":
        """The same with other weights."""
        other = copy(self)
        other._weights = weights
        return other

    def width(self, first: int, after: int) -> float:
        """The width of the run on a single line."""
        return self._ends[after] - self._starts[first]

    def fits(self, first: int, after: int) -> bool:
        """Whether the run may be one line. A single word may, however wide it is."""
        return after <= self._line_ends[first]

    def reach(self, count: int) -> list[int]:
        """For each word, and the end, how far ``count`` lines that begin there can go."""
        reach = [*range(len(self._words)), len(self._words)]
        for _ in range(count):
            reach = [self._line_ends[position] for position in reach]
        return reach

    def needed(self, first: int, after: int) -> int:
        """How many lines the run takes at least."""
        count = 0
        while first < after:
            first, count = self._line_ends[first], count + 1
        return count

    def best(self, first: int, after: int, most: float = inf) -> tuple[float, Cuts]:
        """The cheapest setting on as many lines as are allowed: its cost, and where lines begin.

        The cost is infinite where the run needs more lines, and may be where it is over ``most``:
        three long lines can be set in a great many ways, which need not all be weighed then.
        """
        odd = self._odd[after] > self._odd[first]
        best: tuple[float, Cuts] = (inf, ())
        if after <= self._line_ends[first]:
            if not odd:
                return 0.0, ()
            best = (self._oddity(first, after), ())
        if self._max_count == 2 and not odd:
            return self._halved(first, after)
        least = max(2, self.needed(first, after))
        for count in range(least, min(self._max_count, after - first) + 1):
            best = min(best, self._split(first, after, count, min(most, best[0])))
        return best

    def cuts(self, first: int, after: int) -> Cuts:
        """Where lines begin in the cheapest setting, on more lines than allowed if need be."""
        needed = self.needed(first, after)
        if needed <= self._max_count:
            return self.best(first, after)[1]
        if needed <= _MOST_LINES:
            return self._split(first, after, needed)[1]
        cuts = [self._line_ends[first]]
        while self._line_ends[cuts[-1]] < after:
            cuts.append(self._line_ends[cuts[-1]])
        return tuple(cuts)

    def texts(self, first: int, cuts: Cuts, after: int) -> tuple[str, ...]:
        """The lines of a run whose later lines begin with the words ``cuts``."""
        return tuple(
            single_spaced(text_of(self._words[one:other]))
            for one, other in pairwise((first, *cuts, after))
        )

    def _halved(self, first: int, after: int) -> tuple[float, Cuts]:
        """What ``_split`` gives for two lines, where no word is odd; most of the time goes here."""
        weights, breaks = self._weights, self._break_costs
        starts, ends, max_width = self._starts, self._ends, self._max_width
        left, right = starts[first], ends[after]
        middle = left + (right - left) / 2
        balance = weights.balance / max_width
        best, cut = inf, 0
        for end in range(min(after - 1, self._line_ends[first]), first, -1):
            start = starts[end]
            if right - start > max_width and end < after - 1:
                break
            half = ends[end]
            cost = weights.line_break * breaks[end - 1]
            cost += balance * (abs(half - middle) + abs(start - middle))
            if half > middle:
                cost += weights.top_heavy
            if end == after - 1:
                cost += weights.orphan
            if cost <= best:
                best, cut = cost, end
        return (best, (cut,)) if cut else (inf, ())

    def _split(self, first: int, after: int, count: int, most: float = inf) -> tuple[float, Cuts]:
        """The cheapest setting on exactly ``count`` lines, line by line from the top."""
        even = self.width(first, after) / count
        settings: dict[int, tuple[float, Cuts]] = {first: (0.0, ())}
        for following in range(count - 1, 0, -1):
            longer: dict[int, tuple[float, Cuts]] = {}
            for begin, (cost, cuts) in settings.items():
                last = min(self._line_ends[begin], after - following)
                for end in range(begin + 1, last + 1):
                    total = cost + self._upper_line(begin, end, even)
                    if total > most:
                        continue
                    if end not in longer or total < longer[end][0]:
                        longer[end] = (total, (*cuts, end))
            settings = longer
        return min(
            (
                (cost + self._shape(begin, after, even) + self._orphan(begin, after), cuts)
                for begin, (cost, cuts) in settings.items()
                if self.fits(begin, after)
            ),
            default=(inf, ()),
        )

    def _upper_line(self, begin: int, end: int, even: float) -> float:
        """The cost of a line with another below it."""
        weights = self._weights
        top_heavy = weights.top_heavy if self.width(begin, end) > even else 0.0
        broken = weights.line_break * self._break_costs[end - 1]
        return broken + top_heavy + self._shape(begin, end, even)

    def _shape(self, begin: int, end: int, even: float) -> float:
        """The cost of a line for its length and what is odd in it."""
        uneven = abs(self.width(begin, end) - even) / self._max_width
        return self._weights.balance * uneven + self._oddity(begin, end)

    def _orphan(self, begin: int, end: int) -> float:
        return self._weights.orphan if end - begin == 1 else 0.0

    def _oddity(self, begin: int, end: int) -> float:
        """The cost of a line with a word wider than it may be, or with two turns of a dialogue."""
        turns = self._turns[end] - self._turns[begin + 1]
        too_wide = self.width(begin, end) > self._max_width
        return turns * self._weights.turn_inside + too_wide * self._weights.overflow

    def _is_turn(self, index: int) -> bool:
        """Whether the word begins a turn of a dialogue: a dash, and what is said."""
        text = self._words[index].text
        if text[0] not in DASHES:
            return False
        alone = len(text) == 1 and index > 0 and self._break_costs[index - 1] == 0.0
        return alone or text[1:2].isalnum()

    def _furthest_ends(self) -> list[int]:
        """For each word the furthest end of a line that begins with it; the end's is itself."""
        size, after = len(self._words), 0
        furthest = []
        for first in range(size):
            after = max(after, first + 1)
            while after < size and self.width(first, after + 1) <= self._max_width:
                after += 1
            furthest.append(after)
        return [*furthest, size]


def _positions(words: Sequence[Word], language: str) -> tuple[list[float], list[float]]:
    """Where each word starts on an endless line, and where the words before each index end."""
    space = width(" ", language)
    starts, ends = [], [0.0]
    for index, word in enumerate(words):
        starts.append(ends[-1] + (space if index and not word.joined else 0.0))
        ends.append(starts[-1] + width(single_spaced(word.text), language))
    return starts, ends
