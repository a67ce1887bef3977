"""What ffmpeg says on stderr, read for the facts that its exit status does not tell."""

import re
from pathlib import Path

# One line for each packet or frame that a decoder gave up on: ffmpeg 5.1 and 7 word it differently.
_NOT_DECODED = re.compile(r"Error while decoding stream|Error submitting packet to decoder")
# The MP4 and the Matroska demuxer, each at the end of a file that was cut short.
_CUT_SHORT = re.compile(r"partial file|File ended prematurely")
_NO_SPACE = "No space left on device"
# Of ffmpeg, of x264, of C++ libraries, of the loader; and of threads without room for a stack.
_NO_MEMORY = re.compile(
    r"Cannot allocate memory|malloc of size \d+ failed|bad_alloc|failed to map segment|"
    r"Resource temporarily unavailable"
)
_TOO_MANY_STREAMS = "exceeds max_streams"
_REFUSED = "not on whitelist"  # said of every picture too when only sound is decoded
_UNOPENED = "Error while opening decoder"
_SPEAKER = re.compile(r"\[[^\]]* @ 0x[0-9a-f]+\] ")  # "[mov,mp4,m4a @ 0x55e0...] "
# Lines that only say that something before was fatal.
_ECHO = re.compile(
    r"Error (opening|initializing|while opening|writing)|Could not write header|"
    r"Conversion failed|(Invalid argument|End of file|Invalid data found when processing input|"
    r"Cannot allocate memory)$"
)
MAX_REASON_CHARS = 200


class Complaints:
    """Counts over all lines of one run, however many scroll by."""

    def __init__(self) -> None:
        self.decode_errors = 0
        self.cut_short = False

    def __repr__(self) -> str:
        return f"Complaints({self.decode_errors} errors{', cut short' * self.cut_short})"

    def feed(self, line: str) -> None:
        if _NOT_DECODED.search(line):
            self.decode_errors += 1
        elif _CUT_SHORT.search(line):
            self.cut_short = True


def says_no_space(stderr_tail: str) -> bool:
    return _NO_SPACE in stderr_tail


def says_no_memory(stderr_tail: str) -> bool:
    return _NO_MEMORY.search(stderr_tail) is not None


def says_too_many_streams(stderr_tail: str) -> bool:
    return _TOO_MANY_STREAMS in stderr_tail


def says_refused(stderr_tail: str) -> bool:
    """Whether a whitelist of ours turned a format, a codec or a protocol away."""
    return _REFUSED in stderr_tail


def says_unopened(stderr_tail: str) -> bool:
    """Whether the decoder that was needed is not let in, or not there."""
    return _UNOPENED in stderr_tail


def reason(stderr_tail: str, *paths: Path) -> str:
    """Why ffmpeg gave up, in its own words but without our folders; "" where it did not say.

    Safe to show: one line of printable text.
    """
    lines = [_plain(line, paths) for line in stderr_tail.splitlines()]
    telling = [line for line in lines if line and not _ECHO.match(line) and _REFUSED not in line]
    return telling[-1][:MAX_REASON_CHARS] if telling else ""


def _plain(line: str, paths: tuple[Path, ...]) -> str:
    line = _SPEAKER.sub("", line)
    for path in paths:
        line = line.replace(f"file:{path.absolute()}: ", "").replace(str(path.absolute()), "it")
    return "".join(char for char in line if char.isprintable()).strip()
