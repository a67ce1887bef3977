"""How long the stages of a piece of work take, as metrics."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from polycue import metrics


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """The block is all of a stage of one piece of work."""
    began_s = time.monotonic()
    try:
        yield
    finally:
        metrics.STAGE_SECONDS.labels(stage).observe(time.monotonic() - began_s)


class StageTimes:
    """Of one piece of work, whose stages are done bit by bit. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def __repr__(self) -> str:
        return f"StageTimes({', '.join(f'{s} {t:.2f} s' for s, t in self._seconds.items())})"

    @contextmanager
    def part_of(self, stage: str) -> Iterator[None]:
        """The block is a bit of the stage."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            took_s = time.monotonic() - began_s
            with self._lock:
                self._seconds[stage] += took_s

    def tell(self) -> None:
        """The work is over: observe each stage it came to."""
        for stage, seconds in self._seconds.items():
            metrics.STAGE_SECONDS.labels(stage).observe(seconds)
