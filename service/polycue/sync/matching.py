"""Two word sequences of the same speech, matched: robust to words that only one of them has.

Runs of words that stand just once in either are tied first, the longest first, as far as they keep
one order; between two ties the same is done with shorter runs. Nothing grows faster than the number
of words times its logarithm, however long or monotonous the texts.
"""

from bisect import bisect_left
from collections.abc import Sequence

_RUNS = (5, 4, 3, 2, 1)  # words
# A single word says something only between two ties that are this close, in words.
_SHORT_GAP = 40

Match = tuple[int, int]


def matches(ours: Sequence[str], theirs: Sequence[str]) -> list[Match]:
    """Pairs of positions of the same word, rising in both."""
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(word, len(numbers)) for word in ours]
    b = [numbers.setdefault(word, len(numbers)) for word in theirs]
    found: list[Match] = []
    gaps = [(0, len(a), 0, len(b), 0)]
    while gaps:
        a0, a1, b0, b1, depth = gaps.pop()
        if a0 >= a1 or b0 >= b1 or depth >= len(_RUNS):
            continue
        run = _RUNS[depth]
        if run == 1 and max(a1 - a0, b1 - b0) > _SHORT_GAP:
            continue
        ties = _grown(_ties(a, b, (a0, a1), (b0, b1), run), a, b, (a0, a1), (b0, b1))
        found += ties
        for (x0, y0), (x1, y1) in _between(ties, (a0, b0), (a1, b1)):
            gaps.append((x0, x1, y0, y1, depth + 1))
    return sorted(found)


def _ties(
    a: Sequence[int], b: Sequence[int], in_a: tuple[int, int], in_b: tuple[int, int], run: int
) -> list[Match]:
    """Where runs begin that stand once in each part: the longest choice that rises in both."""
    ours, theirs = _once(a, *in_a, run), _once(b, *in_b, run)
    pairs = sorted((at, theirs[words]) for words, at in ours.items() if words in theirs)
    return _longest_rising(pairs)


def _once(words: Sequence[int], first: int, last: int, run: int) -> dict[tuple[int, ...], int]:
    seen: dict[tuple[int, ...], int] = {}
    for at in range(first, last - run + 1):
        key = tuple(words[at : at + run])
        seen[key] = -1 if key in seen else at
    return {key: at for key, at in seen.items() if at >= 0}


def _longest_rising(pairs: Sequence[Match]) -> list[Match]:
    """The longest subsequence whose second numbers rise."""
    tails: list[int] = []  # second number of the best chain of each length
    ends: list[int] = []
    before: list[int] = []
    for i, (_, second) in enumerate(pairs):
        at = bisect_left(tails, second)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(second)
            ends.append(i)
        else:
            tails[at], ends[at] = second, i
    chain: list[Match] = []
    i = ends[-1] if ends else -1
    while i >= 0:
        chain.append(pairs[i])
        i = before[i]
    return chain[::-1]


def _grown(
    ties: Sequence[Match],
    a: Sequence[int],
    b: Sequence[int],
    in_a: tuple[int, int],
    in_b: tuple[int, int],
) -> list[Match]:
    """Each tie with the equal words around it, up to its neighbours."""
    grown: list[Match] = []
    low_a, low_b = in_a[0], in_b[0]
    for number, (x, y) in enumerate(ties):
        if x < low_a or y < low_b:
            continue  # the one before grew over it
        back = 0
        while x - back > low_a and y - back > low_b and a[x - back - 1] == b[y - back - 1]:
            back += 1
        high_a, high_b = ties[number + 1] if number + 1 < len(ties) else (in_a[1], in_b[1])
        on = 0
        while x + on < high_a and y + on < high_b and a[x + on] == b[y + on]:
            on += 1
        grown += [(x + k, y + k) for k in range(-back, on)]
        low_a, low_b = x + on, y + on
    return grown


def _between(ties: Sequence[Match], start: Match, end: Match) -> list[tuple[Match, Match]]:
    """The gaps before, between and behind the ties."""
    gaps = []
    at = start
    for x, y in ties:
        gaps.append((at, (x, y)))
        at = (x + 1, y + 1)
    return [*gaps, (at, end)]
