"""Which offsets are worth trying: all of them for a short film, else where correlation peaks."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from polycue.domain.cue import Cue
from polycue.sync.activity import STEP_MS, Activity
from polycue.sync.evidence import Offsets

GRID_MS = 50  # between offsets that are tried; the best one is made finer afterwards
_MOST_OFFSETS = 12_000  # up to here all are tried, which is ten minutes this way or that
_BIN_MS = 100  # of the correlation
_BLOCK_CUES = 40  # are correlated as one; half of them again with the next
_PEAKS = 6  # of each block
_MOST_PLACES = 250  # of all blocks, or a long file would take for ever
_AROUND_MS = 300  # on either side of a peak
_RATIOS_KEPT = 3  # of a long film: the neighbours of the right one look much like it


class Guesses:
    """Offsets at which cues may lie in a film."""

    def __init__(self, activity: Activity, cues: Sequence[Cue]) -> None:
        self._activity, self._cues = activity, cues
        per_bin = _BIN_MS // STEP_MS
        steps = activity.spoken[: len(activity.spoken) // per_bin * per_bin]
        self._film = steps.reshape(-1, per_bin).mean(axis=1) - activity.share
        self._known: dict[float, tuple[NDArray[np.int64], float]] = {}

    def __repr__(self) -> str:
        return f"Guesses({len(self._cues)} cues in {self._activity!r})"

    def promising(self, ratios: Iterable[float]) -> list[float]:
        """The ratios worth a search, the best first."""
        tried = list(ratios)
        if all(len(self._whole(ratio)) <= _MOST_OFFSETS for ratio in tried):
            return tried
        return sorted(tried, key=lambda ratio: -self._peaks(ratio)[1])[:_RATIOS_KEPT]

    def offsets(self, ratio: float) -> Offsets:
        """In milliseconds and in order."""
        whole = self._whole(ratio)
        if len(whole) <= _MOST_OFFSETS:
            return np.arange(whole.start, whole.stop, dtype=np.int64) * GRID_MS
        peaks, _ = self._peaks(ratio)
        around = np.arange(-_AROUND_MS // GRID_MS, _AROUND_MS // GRID_MS + 1)
        return np.unique((peaks // GRID_MS)[:, None] + around[None, :]) * GRID_MS

    def _whole(self, ratio: float) -> range:
        """In steps of the grid, from the last cue at the film's start to the first at its end."""
        earliest = -round(self._cues[-1].end_ms * ratio)
        latest = self._activity.duration_ms - round(self._cues[0].start_ms * ratio)
        return range(earliest // GRID_MS, latest // GRID_MS + 1)

    def _peaks(self, ratio: float) -> tuple[NDArray[np.int64], float]:
        """The best offsets of all blocks of cues, and how high their highest peaks are together."""
        if ratio not in self._known:
            size = 1 << (len(self._film) + self._longest_block(ratio)).bit_length()
            film = np.fft.rfft(self._film, size)
            found = [self._block(block, ratio, film, size) for block in self._blocks()]
            promise = sum(float(heights[0]) for _, heights in found)
            offsets = np.concatenate([offsets for offsets, _ in found])
            heights = np.concatenate([heights for _, heights in found])
            self._known[ratio] = (_most_wanted(offsets, heights), promise)
        return self._known[ratio]

    def _blocks(self) -> list[Sequence[Cue]]:
        half = _BLOCK_CUES // 2
        return [
            self._cues[first : first + _BLOCK_CUES]
            for first in range(0, max(len(self._cues) - half, 1), half)
        ]

    def _longest_block(self, ratio: float) -> int:
        longest_ms = max(block[-1].end_ms - block[0].start_ms for block in self._blocks())
        return min(round(longest_ms * ratio) // _BIN_MS + 2, len(self._film))

    def _block(
        self, block: Sequence[Cue], ratio: float, film: NDArray[np.complex128], size: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The offsets of its highest peaks, and how high these are, the highest first."""
        begin_ms = block[0].start_ms * ratio
        shape = _shape(block, ratio, begin_ms, longest=len(self._film))
        match = np.fft.irfft(film * np.conj(np.fft.rfft(shape, size)), size)
        match = np.roll(match, len(shape) - 1)[: len(self._film) + len(shape) - 1]
        best = _highest(match)
        heights = match[best] / max(float(np.sqrt(np.square(shape).sum())), 1e-9)
        offsets = (best - (len(shape) - 1)).astype(np.int64) * _BIN_MS - round(begin_ms)
        return offsets, heights


def _most_wanted(offsets: NDArray[np.int64], heights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where the peaks of many blocks, or very high ones, lie together."""
    places, which = np.unique(offsets // _AROUND_MS, return_inverse=True)
    wanted = np.argsort(-np.bincount(which, weights=heights))[:_MOST_PLACES]
    kept: NDArray[np.int64] = offsets[np.isin(offsets // _AROUND_MS, places[wanted])]
    return kept


def _shape(
    block: Sequence[Cue], ratio: float, begin_ms: float, *, longest: int
) -> NDArray[np.float64]:
    """1 where a cue stands and 0 where none does, made to have no mean.

    What is beyond the ``longest``, the film itself, lies outside of it anyway.
    """
    length = round((block[-1].end_ms * ratio - begin_ms) / _BIN_MS) + 1
    shape = np.zeros(min(length, longest))
    for cue in block:
        first = round((cue.start_ms * ratio - begin_ms) / _BIN_MS)
        last = round((cue.end_ms * ratio - begin_ms) / _BIN_MS)
        shape[first : max(last, first + 1)] = 1.0
    centred: NDArray[np.float64] = shape - shape.mean()
    return centred


def _highest(match: NDArray[np.float64]) -> NDArray[np.intp]:
    """The highest places, the very highest first, none close beside a higher one."""
    near = _AROUND_MS // _BIN_MS
    found: list[int] = []
    left = match.copy()
    for _ in range(_PEAKS):
        top = int(left.argmax())
        found.append(top)
        left[max(top - near, 0) : top + near + 1] = -np.inf
    return np.array(found)
