"""Children of ffmpeg, as metrics and as spans."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath

from polycue import metrics
from polycue.domain.errors import (
    SandboxFailed,
    ToolError,
    ToolFailed,
    ToolKilled,
    ToolOverLimit,
    ToolTimedOut,
)
from polycue.media.call import Call
from polycue.tracing import spans

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
    exit_code: int = 0
    read_bytes: int = 0


@contextmanager
def counted(call: Call) -> Iterator[Ending]:
    """One child is there for the length of the block, which says how it ended."""
    began_s, ending, work = time.monotonic(), Ending(), call.work
    span = spans.begin(PurePath(call.argv[0]).name, work=work.value)
    metrics.FFMPEG_RUNNING.inc()
    try:
        yield ending
    finally:
        metrics.FFMPEG_RUNNING.dec()
        metrics.FFMPEG_SECONDS.labels(work.value).observe(time.monotonic() - began_s)
        metrics.FFMPEG_CPU_SECONDS.labels(work.value).inc(ending.cpu_s)
        metrics.FFMPEG_ENDED.labels(work.value, ending.outcome).inc()
        _end(span, ending)


def _end(span: spans.Span, ending: Ending) -> None:
    span.set(
        outcome=ending.outcome,
        exit_code=ending.exit_code,
        cpu_ms=round(ending.cpu_s * 1000),
        read_bytes=ending.read_bytes,
    )
    if ending.outcome not in {"done", "stopped"}:
        span.fail(ending.outcome)
    span.end()


def outcome_of(error: ToolError) -> str:
    return next((name for kind, name in _OUTCOMES if isinstance(error, kind)), "failed")
