"""Another language into the cues of an existing file, whose times stay."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import inf

from polycue.cues.breaks import break_costs
from polycue.cues.flags import flags_of
from polycue.cues.lines import Lines
from polycue.cues.measure import clusters
from polycue.cues.presets import Rules
from polycue.cues.tokens import tokens
from polycue.cues.weights import LINES
from polycue.domain.cue import Cue
from polycue.domain.scripts import runs_on
from polycue.domain.transcript import Sentence, Word

# How many words to either side of the one spoken when a cue changes the change is tried at.
REACH_WORDS = 8
REACH_PIECES = 16  # where most words are single characters of a script without spaces
DRIFT = 10.0  # of a second between a change of cues and when its words are spoken


@dataclass(frozen=True, slots=True)
class Block:
    """Cues and the sentences in them, such that no sentence goes on in another block."""

    cues: tuple[Cue, ...]
    sentences: tuple[Sentence, ...]


def words_of(cues: Sequence[Cue]) -> tuple[Word, ...]:
    """The words of cues in order, those of a file's cues with times in proportion to their length.

    Scripts without spaces come as single syllables, ``joined`` to those before them.
    """
    words: list[Word] = []
    for cue in cues:
        found = list(cue.words or _timed_tokens(cue))
        if words and not cue.words and runs_on(words[-1].text, found[0].text):
            found[0] = replace(found[0], joined=True)
        words += found
    return tuple(words)


def blocks(cues: Sequence[Cue], sentences: Sequence[Sentence]) -> list[Block]:
    """Cues and the sentences of their words, cut wherever a sentence and a cue end together.

    To ``fill`` one block at a time keeps a translation with more or fewer words than its source
    from pushing those of later sentences out of their cues.

    Raises:
        ValueError: the sentences are not those of ``words_of(cues)``.
    """
    cue_ends = list(accumulate(len(words_of([cue])) for cue in cues))
    sentence_ends = list(accumulate(len(sentence.words) for sentence in sentences))
    if cue_ends[-1:] != sentence_ends[-1:]:
        raise ValueError("these sentences are of other cues")
    ends = sorted(set(cue_ends) & set(sentence_ends))
    found, cue_first, sentence_first = [], 0, 0
    for end in ends:
        cue_after = bisect_left(cue_ends, end) + 1
        sentence_after = bisect_left(sentence_ends, end) + 1
        found.append(
            Block(tuple(cues[cue_first:cue_after]), tuple(sentences[sentence_first:sentence_after]))
        )
        cue_first, sentence_first = cue_after, sentence_after
    return found


def fill(cues: Sequence[Cue], words: Sequence[Word], rules: Rules) -> tuple[Cue, ...]:
    """The same cues with the same times and ``words`` for their text; no cue is empty.

    Every word stands once and in order, near the time it is spoken and cut at good places. Only
    where there are fewer words than cues do words repeat: all stand in each cue if they fit, else
    each in some cues that follow each other. Without any word the cues stay as they are.
    """
    if not words or not cues:
        return tuple(cues)
    lines = Lines(words, break_costs(words, rules.language), rules, LINES)
    if len(words) >= len(cues):
        runs = _Filling(cues, words, lines, rules).solve()
    elif lines.needed(0, len(words)) <= rules.max_line_count:
        runs = [(0, len(words))] * len(cues)
    else:
        places = [index * len(words) // len(cues) for index in range(len(cues))]
        runs = [(place, place + 1) for place in places]
    return tuple(
        _filled(cue, words, run, lines, rules) for cue, run in zip(cues, runs, strict=True)
    )


def _timed_tokens(cue: Cue) -> list[Word]:
    """The words of a cue, each as long as its share of the cue's characters."""
    found = tokens(cue.text)
    lengths = [sum(1 for _ in clusters(token.text)) for token in found]
    total = sum(lengths)
    times = [
        cue.start_ms + cue.duration_ms * before // total
        for before in accumulate(lengths, initial=0)
    ]
    return [
        Word(token.text, start_ms, end_ms, joined=token.joined)
        for token, (start_ms, end_ms) in zip(found, pairwise(times), strict=True)
    ]


def _filled(
    cue: Cue, words: Sequence[Word], run: tuple[int, int], lines: Lines, rules: Rules
) -> Cue:
    first, after = run
    texts = lines.texts(first, lines.cuts(first, after), after)
    filled = replace(cue, lines=texts, words=tuple(words[first:after]), costs=())
    return replace(filled, flags=flags_of(filled, rules))


class _Filling:
    """The search for the words at which the text changes from each cue to the next.

    A dynamic programme over the cues; for each change it tries the words spoken around its time.
    """

    def __init__(
        self, cues: Sequence[Cue], words: Sequence[Word], lines: Lines, rules: Rules
    ) -> None:
        self._cues, self._words, self._lines, self._rules = cues, words, lines, rules
        self._breaks = break_costs(words, rules.language)
        mostly_joined = 2 * sum(word.joined for word in words) > len(words)
        self._reach = REACH_PIECES if mostly_joined else REACH_WORDS
        self._ends = list(accumulate((word.end_ms for word in words), max))

    def solve(self) -> list[tuple[int, int]]:
        """For each cue its first word and the one after its last."""
        prices = {0: 0.0}
        trail: list[dict[int, int]] = []
        for index, afters in enumerate(self._changes()):
            cheapest: dict[int, float] = {}
            firsts: dict[int, int] = {}
            for after in afters:
                first, price = self._cheapest(index, prices, after)
                cheapest[after] = price + self._change(index, after)
                firsts[after] = first
            prices = cheapest
            trail.append(firsts)
        return _follow(trail, len(self._words))

    def _changes(self) -> list[Sequence[int]]:
        """For each cue the words before which the next one may begin, a few around its time.

        Those in the middle rise from cue to cue, so there is a way on which none is empty.
        """
        size, count = len(self._words), len(self._cues)
        middle = 0
        changes: list[Sequence[int]] = []
        for index, (cue, following) in enumerate(pairwise(self._cues), start=1):
            spoken = bisect_left(self._ends, (cue.end_ms + following.start_ms) // 2)
            most = size - (count - index)  # a word must be left for every later cue
            middle = min(max(spoken, middle + 1), most)
            changes.append(
                range(max(index, middle - self._reach), min(most, middle + self._reach) + 1)
            )
        return [*changes, [size]]

    def _cheapest(self, index: int, prices: dict[int, float], after: int) -> tuple[int, float]:
        """The best first word for a cue that ends before ``after``, and the price so far."""
        best, lowest = -1, inf
        for first, price in prices.items():
            if first >= after:
                continue
            total = price + self._crowding(index, first, after)
            if total < lowest:
                total += self._unevenness(first, after)
            if total < lowest:
                best, lowest = first, total
        return best, lowest

    def _crowding(self, index: int, first: int, after: int) -> float:
        """The price of more lines than are allowed, and of more text than there is time for."""
        extra_lines = max(0, self._lines.needed(first, after) - self._rules.max_line_count)
        reading_ms = 1000 * self._lines.width(first, after) / self._rules.max_chars_per_second
        lacking_ms = max(0.0, reading_ms - self._cues[index].duration_ms)
        return LINES.overflow * extra_lines + LINES.speed * lacking_ms / 1000

    def _unevenness(self, first: int, after: int) -> float:
        cost = self._lines.best(first, after)[0]
        return 0.0 if cost == inf else cost

    def _change(self, index: int, after: int) -> float:
        """The price of changing to the next cue before the word: its place and its time."""
        if index == len(self._cues) - 1:
            return 0.0
        late_ms = self._ends[after - 1] - self._cues[index + 1].start_ms
        early_ms = self._cues[index].end_ms - self._words[after].start_ms
        drift_ms = max(0, late_ms, early_ms)
        return LINES.cue_break * self._breaks[after - 1] + DRIFT * drift_ms / 1000


def _follow(trail: Sequence[dict[int, int]], after: int) -> list[tuple[int, int]]:
    """The runs that lead to the last word, read backwards from it."""
    runs = []
    for firsts in reversed(trail):
        runs.append((firsts[after], after))
        after = firsts[after]
    return runs[::-1]
