"""The best way through offsets that seldom change: an exact dynamic programme."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polycue.sync.evidence import Offsets, Row


@dataclass(frozen=True, slots=True)
class Toll:
    """What a change of offset costs before a cue.

    ``back_nats`` comes on top where the offset falls by more than ``gap_ms``, the time between the
    cue and the one before: the two then change their order, as only a scene that the film lacks
    makes them.
    """

    nats: float
    gap_ms: int
    back_nats: float


class Path:
    """For each row the number of the column that was chosen, and the worth of the whole way."""

    def __init__(self, columns: NDArray[np.intp], worth: float) -> None:
        self.columns, self.worth = columns, worth

    def __repr__(self) -> str:
        return f"Path({len(self.columns)} rows, worth {self.worth:.1f})"


def best_path(rows: Iterable[Row], tolls: Iterable[Toll], offsets: Offsets) -> Path:
    """The way with the largest sum; rows have a column for each of the rising ``offsets``.

    Time is rows times columns; of memory a bit is needed for each, and little else.
    """
    worth = np.zeros(len(offsets), np.float32)
    steps = list[_Step]()
    for number, (row, toll) in enumerate(zip(rows, tolls, strict=True)):
        if number:
            step, worth = _step(worth, toll, offsets)
            steps.append(step)
        worth = worth + row
    column = int(worth.argmax())
    total = float(worth[column])
    columns = [column]
    for step in reversed(steps):
        columns.append(step.before(columns[-1]))
    return Path(np.array(columns[::-1], dtype=np.intp), total)


class _Step:
    """Where the best ways came from, between two rows, in little memory."""

    def __init__(
        self,
        forward: NDArray[np.bool_],
        back: NDArray[np.bool_],
        best: int,
        records: NDArray[np.int32],
        reach: NDArray[np.int32],
    ) -> None:
        self._forward, self._back = np.packbits(forward), np.packbits(back)
        self._best, self._records, self._reach = best, records, reach

    def before(self, column: int) -> int:
        """The column of the row above, on the best way to ``column``."""
        if _bit(self._back, column):
            return self._best
        if not _bit(self._forward, column):
            return column
        # The last place up to what can be reached at which a new highest worth was seen.
        at = int(np.searchsorted(self._records, self._reach[column], side="right")) - 1
        return int(self._records[at])


def _step(worth: Row, toll: Toll, offsets: Offsets) -> tuple[_Step, Row]:
    highest = np.maximum.accumulate(worth)
    records = np.flatnonzero(np.concatenate(([True], highest[1:] > highest[:-1])))
    reach = np.searchsorted(offsets, offsets + toll.gap_ms, side="right") - 1
    best = int(worth.argmax())
    in_order = highest[reach] - np.float32(toll.nats)
    out_of_order = worth[best] - np.float32(toll.nats + toll.back_nats)
    after = np.maximum(worth, in_order)
    step = _Step(
        forward=in_order > worth,
        back=out_of_order > after,
        best=best,
        records=records.astype(np.int32),
        reach=reach.astype(np.int32),
    )
    return step, np.maximum(after, out_of_order)


def _bit(bits: NDArray[np.uint8], at: int) -> bool:
    return bool(bits[at >> 3] >> (7 - (at & 7)) & 1)
