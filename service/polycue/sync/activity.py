"""Cues held against where somebody speaks: any language, no words needed.

For each cue and each offset the evidence is a log likelihood ratio, in nats: how much likelier is
what is heard there if the cue belongs there than if it stood anywhere. Three things are looked at:
whether speech sets in where the cue does, whether somebody speaks while it stands, and whether
nobody does in the gap behind it. What dense speech makes likely anywhere counts little.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.sync.evidence import Offsets, Row

STEP_MS = 10  # of the clock that speech is laid out on

# What is taken for true of a cue in its place; tuned on the demo film and on made-up films.
_ONSET_SHARE = 0.6  # of the cues come on with the voice, the others within a stretch of speech
_ONSET_WIDTH_MS = 120  # how far from the voice, on average
_SPOKEN_SHARE = 0.93  # of a cue's stay is speech, or linger that follows it
_SILENT_SHARE = 0.75  # of the gaps are silent; in the others is what was not worth a subtitle
_GAP_MS = 700  # shorter gaps are no sign of anything
_LONGEST_GAP_MS = 4000  # what of a longer one is looked at


class Activity:
    """Speech of a film on a clock of 10 ms, ready to be asked about any time."""

    def __init__(self, speech: Sequence[Span], duration_ms: int) -> None:
        self.duration_ms = max([duration_ms, *(span.end_ms for span in speech)])
        steps = self.duration_ms // STEP_MS + 1
        spoken = np.zeros(steps, np.float64)
        onsets = np.full(steps, np.inf)
        for span in speech:
            spoken[span.start_ms // STEP_MS : max(span.end_ms // STEP_MS, 1)] = 1.0
            onsets[span.start_ms // STEP_MS] = 0.0
        self.share = float(spoken.mean())
        self.spoken = spoken
        # Time of speech up to each step, and beyond both ends of the film as if nobody spoke there.
        self._until = np.concatenate(([0.0], np.cumsum(spoken))) * STEP_MS
        near = np.exp(-_distance_ms(onsets) / _ONSET_WIDTH_MS)
        chance = max(float(near.mean()), 1e-6)
        self._onset = np.log((1 - _ONSET_SHARE) + _ONSET_SHARE * near / chance).astype(np.float32)
        self._onset_outside = np.float32(np.log(1 - _ONSET_SHARE))
        share = min(max(self.share, 0.02), 0.98)
        self._speech_yes = np.log(_SPOKEN_SHARE / share)
        self._speech_no = np.log((1 - _SPOKEN_SHARE) / (1 - share))
        self._silence_yes = np.log(_SILENT_SHARE / (1 - share))
        self._silence_no = np.log((1 - _SILENT_SHARE) / share)

    def __repr__(self) -> str:
        return f"Activity({self.duration_ms} ms, {self.share:.0%} speech)"

    def rows(
        self, cues: Sequence[Cue], first: int, last: int, ratio: float, offsets: Offsets
    ) -> Iterator[Row]:
        """Of each cue ``first`` <= i < ``last``, the evidence at each offset."""
        for i in range(first, last):
            start, end = cues[i].start_ms * ratio, cues[i].end_ms * ratio
            after = cues[i + 1].start_ms * ratio if i + 1 < len(cues) else end
            yield self._evidence(start, end, after, offsets)

    def most(self, cues: Sequence[Cue]) -> float:
        """The evidence if each cue came on with a voice that spoke while it stood, and then not."""
        gaps = sum(b.start_ms - a.end_ms >= _GAP_MS for a, b in pairwise(cues))
        a_cue = float(self._onset.max()) + self._speech_yes
        return float(a_cue * len(cues) + self._silence_yes * gaps)

    def _evidence(self, start: float, end: float, after: float, offsets: Offsets) -> Row:
        begin, until = _steps(start, offsets), _steps(end, offsets)
        spoken = self._spoken_share(begin, until)
        worth = self._speech_no + (self._speech_yes - self._speech_no) * spoken
        if after - end >= _GAP_MS:
            gap_end = _steps(min(after, end + _LONGEST_GAP_MS), offsets)
            silent = 1 - self._spoken_share(until, gap_end)
            worth = worth + self._silence_no + (self._silence_yes - self._silence_no) * silent
        inside = (begin >= 0) & (begin < len(self._onset))
        onset = self._onset[np.clip(begin, 0, len(self._onset) - 1)]
        evidence = np.where(inside, onset, self._onset_outside) + worth
        row: Row = evidence.astype(np.float32)
        return row

    def _spoken_share(
        self, begin: NDArray[np.int64], end: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        last = len(self._until) - 1
        spoken = self._until[np.clip(end, 0, last)] - self._until[np.clip(begin, 0, last)]
        share: NDArray[np.float64] = spoken / (np.maximum(end - begin, 1) * STEP_MS)
        return share


def _steps(time_ms: float, offsets: Offsets) -> NDArray[np.int64]:
    return (offsets + round(time_ms)) // STEP_MS


def _distance_ms(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """From each step to the nearest onset; ``onsets`` are 0 there and infinite elsewhere."""
    at = np.arange(len(onsets), dtype=np.float64) * STEP_MS
    here = np.where(np.isfinite(onsets), at, -np.inf)
    before = np.maximum.accumulate(here)
    following = np.where(np.isfinite(onsets), at, np.inf)[::-1]
    behind = np.minimum.accumulate(following)[::-1]
    distance: NDArray[np.float64] = np.minimum(at - before, behind - at)
    return distance
