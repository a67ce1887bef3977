"""What ffmpeg's end says of the file."""

import signal
from pathlib import Path

import pytest

from polycue.domain.errors import (
    MediaError,
    MediaOverLimit,
    PolycueError,
    ToolFailed,
    ToolKilled,
    ToolOverLimit,
    TooManyStreams,
)
from polycue.media.failure import telling

FILM = Path("/jobs/1/film.mkv")
ARGV = ("ffprobe", "-i", str(FILM))
TOO_MANY = "Number of streams exceeds max_streams parameter (128)\nCannot allocate memory"


@pytest.mark.parametrize(
    ("end", "told", "words"),
    [
        (ToolFailed(ARGV, 1, TOO_MANY), TooManyStreams, "more than 128 streams"),
        (ToolOverLimit(ARGV, 1, TOO_MANY, "memory", "512 MiB"), TooManyStreams, "128 streams"),
        (ToolOverLimit(ARGV, 1, "", "memory", "512 MiB"), MediaOverLimit, "more memory"),
        (ToolOverLimit(ARGV, 255, "", "cpu_time", "600 s"), MediaOverLimit, "more cpu time"),
        (ToolFailed(ARGV, -signal.SIGSEGV, ""), MediaError, "crashed over it"),
        (ToolKilled(ARGV, -signal.SIGKILL, ""), ToolKilled, "exited with -9"),
    ],
)
def test_an_end_that_says_more_than_that_it_failed_is_told(
    end: ToolFailed, told: type[PolycueError], words: str
) -> None:
    error = telling(FILM, end)

    assert type(error) is told
    assert words in str(error)


def test_of_another_end_the_caller_knows_more() -> None:
    assert telling(FILM, ToolFailed(ARGV, 1, "Invalid data found when processing input")) is None
