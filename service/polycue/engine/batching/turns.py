"""Which lane a batch is filled from: urgent ones first, and none for ever."""

from collections.abc import Collection, Mapping

from polycue.engine.batching.slots import Lane

# How much a lane that waits is owed of the work that goes before it. Half of all while live callers
# wait, too, then is the batch class's, and an eighth the doubtful rows': whoever is passed over is
# served after so much work of others, on any machine, which a limit in seconds could not promise.
_OWED = {Lane.LIVE: 0.0, Lane.BATCH: 1.0, Lane.AGAIN: 1 / 7}


class Turns:
    """Keeps account of what was taken while something else waited. Not for several threads."""

    def __init__(self) -> None:
        self._owed = dict.fromkeys(Lane, 0.0)

    def __repr__(self) -> str:
        return f"Turns({', '.join(f'{lane.name}: {o:.0f}' for lane, o in self._owed.items())})"

    def next(self, batches: Mapping[Lane, int]) -> Lane:
        """The lane to fill from; ``batches`` has the work in the next batch of each that waits."""
        for lane in sorted(batches, reverse=True):
            if lane is not Lane.LIVE and self._owed[lane] >= batches[lane]:
                return lane
        return min(batches)

    def owes_more(self, lane: Lane, taken: int, batch: int) -> bool:
        """Whether the lane is owed another such batch beyond what is being taken of it."""
        return lane is not Lane.LIVE and self._owed[lane] - taken >= batch

    def took(self, got: Mapping[Lane, int], waiting: Collection[Lane]) -> None:
        """A batch was filled with so much work of each lane while those ``waiting`` had some."""
        for lane in Lane:
            if lane not in waiting:
                self._owed[lane] = 0.0  # nobody there was kept waiting
                continue
            passed = sum(work for other, work in got.items() if other < lane)
            owed = self._owed[lane] + _OWED[lane] * passed - got.get(lane, 0.0)
            self._owed[lane] = max(0.0, owed)
