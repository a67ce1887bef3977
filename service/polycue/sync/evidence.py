"""What says where cues belong; the two kinds of it keep one promise."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]  # milliseconds
Row = NDArray[np.float32]  # nats, one for each offset


class Evidence(Protocol):
    """Evidence for cues of one file in one film; positive speaks for a place."""

    def rows(self, first: int, last: int, ratio: float, offsets: Offsets) -> Iterator[Row]:
        """For each cue ``first`` <= i < ``last``, whose time is multiplied with ``ratio``."""
        ...

    def offsets(self, ratio: float) -> Offsets:
        """Those worth trying, in order, at least one."""
        ...

    def finer_ms(self, first: int, last: int, ratio: float, offset_ms: int) -> int:
        """The best offset of cues that move together, near one that is about right."""
        ...
