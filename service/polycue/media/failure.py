"""What ffmpeg's end says of the file, where it says more than that it failed."""

import signal
from pathlib import Path

from polycue.domain.errors import (
    MediaError,
    MediaOverLimit,
    PolycueError,
    ToolFailed,
    ToolKilled,
    ToolOverLimit,
    TooManyStreams,
)
from polycue.media import complaints
from polycue.media.arguments import MAX_STREAMS

_CRASHES = frozenset(
    -number
    for number in (
        *(signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL),
        signal.SIGSYS,
    )
)


def telling(path: Path, error: ToolFailed) -> PolycueError | None:
    """The error to raise instead; None where the caller knows best what it failed at."""
    if isinstance(error, ToolKilled):
        return error
    # First: ffmpeg calls one stream too many a want of memory.
    if complaints.says_too_many_streams(error.stderr_tail):
        return TooManyStreams(path, MAX_STREAMS)
    if isinstance(error, ToolOverLimit):
        return MediaOverLimit(path, error.kind, error.limit)
    if error.returncode in _CRASHES:
        return MediaError(path, "ffmpeg crashed over it; write it anew with another program")
    return None
