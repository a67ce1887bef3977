"""Cues fitted onto speech, and whether chance would fit them as well."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.sync.activity import STEP_MS, Activity
from polycue.sync.evidence import Offsets, Row
from polycue.sync.fit import RATIOS, Fit
from polycue.sync.guesses import GRID_MS, Guesses
from polycue.sync.search import Found, at_ratio, finished, search, support

GOOD_ENOUGH = 0.15  # wrong files reach 0.05, right ones in noisy speech 0.2 (benchmarks/sync.py)

_FINE_MS = 2 * GRID_MS  # on either side of the best offset, looked at in steps of the clock
# The same cues are fitted to the same stretches of speech and silence in another order: that far
# chance alone comes. So many times, and the best of them counts.
_SHUFFLES = 4
_SEED = 20_191_026


def fit_to_speech(cues: Sequence[Cue], speech: Sequence[Span], duration_ms: int) -> Fit:
    """The pieces in which the cues lie best on the speech; both are in order, of each at least one.

    The score is 0 where the best fit is no better than onto speech in any other order, and 1 where
    nothing speaks against a single cue.
    """
    activity = Activity(speech, duration_ms)
    evidence = SpeechEvidence(cues, activity)
    found = search(cues, evidence, evidence.guesses.promising(RATIOS))
    ratio = found.pieces[0].ratio
    chance = max(
        _by_chance(cues, shuffled, ratio).worth for shuffled in _shuffles(speech, duration_ms)
    )
    most = activity.most(cues)

    def score(worth: float, share: float) -> float:
        return min(max((worth - chance * share) / max((most - chance) * share, 1e-6), 0.0), 1.0)

    pieces = [
        replace(
            piece,
            score=score(
                float(support(piece, evidence, piece.first, piece.last).sum()),
                (piece.last - piece.first) / len(cues),
            ),
        )
        for piece in finished(found, cues, evidence)
    ]
    return Fit(tuple(pieces), score(found.worth, 1.0))


class SpeechEvidence:
    """Cues of one file held against the speech of one film."""

    def __init__(self, cues: Sequence[Cue], activity: Activity) -> None:
        self._cues, self._activity = cues, activity
        self.guesses = Guesses(activity, cues)

    def rows(self, first: int, last: int, ratio: float, offsets: Offsets) -> Iterator[Row]:
        return self._activity.rows(self._cues, first, last, ratio, offsets)

    def offsets(self, ratio: float) -> Offsets:
        return self.guesses.offsets(ratio)

    def finer_ms(self, first: int, last: int, ratio: float, offset_ms: int) -> int:
        """In whole steps of the clock, in the middle of those that fit best."""
        offsets = np.arange(offset_ms - _FINE_MS, offset_ms + _FINE_MS + 1, STEP_MS, dtype=np.int64)
        worth = np.zeros(len(offsets))
        for row in self.rows(first, last, ratio, offsets):
            worth += row
        best = np.flatnonzero(worth >= worth.max() - 1e-3)
        return int(offsets[best[len(best) // 2]])


def _by_chance(cues: Sequence[Cue], activity: Activity, ratio: float) -> Found:
    return at_ratio(cues, SpeechEvidence(cues, activity), ratio)


def _shuffles(speech: Sequence[Span], duration_ms: int) -> Iterator[Activity]:
    """The stretches of speech and silence of the film, in another order each time."""
    random = np.random.default_rng(_SEED)
    lengths = np.array([span.duration_ms for span in speech], dtype=np.int64)
    edges = [0, *(t for span in speech for t in (span.start_ms, span.end_ms)), duration_ms]
    silences = np.maximum(np.diff(np.array(edges, dtype=np.int64))[::2], 0)
    for _ in range(_SHUFFLES):
        spoken = random.permutation(lengths)
        begins = np.cumsum(random.permutation(silences)[:-1]) + np.cumsum(spoken) - spoken
        spans = [Span(int(b), int(b + n)) for b, n in zip(begins, spoken, strict=True)]
        yield Activity(spans, duration_ms)
