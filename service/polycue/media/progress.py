"""How far ffmpeg is, in milliseconds of media."""

from collections.abc import Callable, Iterator

from polycue.media.command import Piped

Progress = Callable[[int], None]


def forward(progress: Progress, total_ms: int | None) -> Progress:
    """Progress that never goes back and never past the end, whatever ffmpeg makes of it."""
    furthest_ms = 0

    def report(done_ms: int) -> None:
        nonlocal furthest_ms
        done_ms = done_ms if total_ms is None else min(done_ms, total_ms)
        if done_ms > furthest_ms:
            furthest_ms = done_ms
            progress(done_ms)

    return report


def progress_of(child: Piped) -> Iterator[int]:
    """The media time that is done, from lines such as ``out_time_us=5000000``."""
    rest = b""
    while data := child.read_some(4096):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b"=")
            if name == b"out_time_us" and value.isdigit():  # else N/A, or before the start
                yield int(value) // 1000
