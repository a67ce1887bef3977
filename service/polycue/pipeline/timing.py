"""How long the stages of a piece of work take: as metrics, and as spans of its trace."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from polycue import metrics
from polycue.tracing import spans


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """The block is all of a stage of one piece of work."""
    began_s = time.monotonic()
    try:
        with spans.span(stage):
            yield
    finally:
        metrics.STAGE_SECONDS.labels(stage).observe(time.monotonic() - began_s)


class StageTimes:
    """Of one piece of work, whose stages are done bit by bit. Safe to use from several threads.

    A stage has one span, from its first bit to the end of its last; ``busy_ms`` is the sum of all.
    It hangs where this was made, for a stage may begin within another and outlast it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._within = spans.place() or None
        self._spans: dict[str, spans.Span] = {}
        self._ended_ns: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"StageTimes({', '.join(f'{s} {t:.2f} s' for s, t in self._seconds.items())})"

    @contextmanager
    def part_of(self, stage: str) -> Iterator[None]:
        """The block is a bit of the stage."""
        began_s = time.monotonic()
        with self._lock:
            span = self._spans.get(stage)
            if span is None:
                span = self._spans[stage] = spans.record(stage, parent=self._within)
        try:
            with spans.within(span):
                yield
        except BaseException as error:
            spans.note_error(span, error)
            raise
        finally:
            took_s = time.monotonic() - began_s
            with self._lock:
                self._seconds[stage] += took_s
                self._ended_ns[stage] = time.time_ns()

    def tell(self) -> None:
        """The work is over: observe each stage it came to."""
        for stage, seconds in self._seconds.items():
            metrics.STAGE_SECONDS.labels(stage).observe(seconds)
            self._spans[stage].set(busy_ms=round(seconds * 1000))
            self._spans[stage].end(self._ended_ns[stage])
