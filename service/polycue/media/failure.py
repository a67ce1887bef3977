"""What ffmpeg's end says of the file, where it says more than that it failed."""

from pathlib import Path

from polycue.domain.errors import (
    MediaOverLimit,
    PolycueError,
    ToolFailed,
    ToolKilled,
    ToolOverLimit,
    TooManyStreams,
)
from polycue.media import complaints
from polycue.media.arguments import MAX_STREAMS


def telling(path: Path, error: ToolFailed) -> PolycueError | None:
    """The error to raise instead; None where the caller knows best what it failed at."""
    if isinstance(error, ToolKilled):
        return error
    # First: ffmpeg calls one stream too many a want of memory.
    if complaints.says_too_many_streams(error.stderr_tail):
        return TooManyStreams(path, MAX_STREAMS)
    if isinstance(error, ToolOverLimit):
        return MediaOverLimit(path, error.kind, error.limit)
    return None
