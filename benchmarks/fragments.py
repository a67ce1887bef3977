"""Anchors from parts of a sentence that were translated alone. No benchmark: it measures nothing.

``translation_timing.py`` holds this against what polycue does. It is not part of the service, since
it costs twice the translating and brings cues no nearer (docs/discussions.md).

The translation of the whole is cut so that its pieces look most like those of the parts, in order
(by chrF, which compares letters: endings may differ).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from polycue.translation.anchors import Hint

ORDERS = range(1, 5)  # letters in a row that are compared; chrF goes to six, for longer texts
RECALL = 2.0  # chrF2 values what was found of a part twice as much as what was not in it
LEAST = 0.35  # chrF of both neighbours below which a cut says nothing
TRUST = 2.0  # that of a name


def hints(sizes: Sequence[int], parts: Sequence[str], pieces: Sequence[str]) -> list[Hint]:
    """One for each cut that is worth something.

    ``sizes`` holds how many words each part of the source has, ``parts`` their translations,
    ``pieces`` are those of the translation of the whole.
    """
    if not 1 < len(sizes) <= len(pieces):
        return []
    wanted = [_grams(part) for part in parts]
    cuts = _likeliest(wanted, pieces)
    like = [
        _likeness(_grams("".join(pieces[first:after])), gram)
        for first, after, gram in zip(cuts, cuts[1:], wanted, strict=False)
    ]
    begins = list(accumulate(sizes))
    return [
        Hint(begins[k], cuts[k + 1], TRUST * min(like[k : k + 2]))
        for k in range(len(sizes) - 1)
        if min(like[k : k + 2]) >= LEAST
    ]


def _likeliest(wanted: Sequence[Counter[str]], pieces: Sequence[str]) -> tuple[int, ...]:
    """Where each part begins and the last one ends, each with a piece at least."""
    size, count = len(pieces), len(wanted)
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, (0,))}
    for k, gram in enumerate(wanted):
        left = count - k - 1
        ends = range(k + 1, size - left + 1) if left else (size,)
        found = {}
        for end in ends:
            ways = []
            for begin, (total, trail) in best.items():
                if begin < end:
                    like = _likeness(_grams("".join(pieces[begin:end])), gram)
                    ways.append((total + gram.total() * like, (*trail, end)))
            found[end] = max(ways)
        best = found
    return best[size][1]


def _grams(text: str) -> Counter[str]:
    letters = "".join(char for char in text.casefold() if char.isalnum())
    return Counter(letters[i : i + n] for n in ORDERS for i in range(len(letters) - n + 1))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """ChrF of ``one`` against ``other``, 0 to 1, all orders taken together."""
    same = (one & other).total()
    if not same:
        return 0.0
    precision, recall = same / one.total(), same / other.total()
    return (1 + RECALL**2) * precision * recall / (RECALL**2 * precision + recall)
