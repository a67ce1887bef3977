"""Children of ffmpeg, as metrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from polycue import metrics
from polycue.domain.errors import (
    SandboxFailed,
    ToolError,
    ToolFailed,
    ToolKilled,
    ToolOverLimit,
    ToolTimedOut,
)
from polycue.media.call import Work

# The more particular kinds first.
_OUTCOMES: tuple[tuple[type[ToolError], str], ...] = (
    (ToolOverLimit, "over_limit"),
    (ToolKilled, "killed"),
    (ToolFailed, "failed"),
    (ToolTimedOut, "timed_out"),
    (SandboxFailed, "unconfined"),
)


@dataclass(slots=True)
class Ending:
    """How a child ended, as far as it is known; one that nobody waited for was stopped by us."""

    outcome: str = "stopped"
    cpu_s: float = 0.0


@contextmanager
def counted(work: Work) -> Iterator[Ending]:
    """One child is there for the length of the block, which says how it ended."""
    began_s, ending = time.monotonic(), Ending()
    metrics.FFMPEG_RUNNING.inc()
    try:
        yield ending
    finally:
        metrics.FFMPEG_RUNNING.dec()
        metrics.FFMPEG_SECONDS.labels(work.value).observe(time.monotonic() - began_s)
        metrics.FFMPEG_CPU_SECONDS.labels(work.value).inc(ending.cpu_s)
        metrics.FFMPEG_ENDED.labels(work.value, ending.outcome).inc()


def outcome_of(error: ToolError) -> str:
    return next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "failed")
