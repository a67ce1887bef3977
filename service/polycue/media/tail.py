"""What a child writes to its standard error: its end is kept, its lines are passed on."""

from collections.abc import Callable

MAX_STDERR_BYTES = 64 * 2**10
MAX_LINE_BYTES = 4 * 2**10


class Tail:
    """The end of what was written to stderr, and its lines as they come."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self._on_line = on_line
        self._ring = bytearray()
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in what came; nothing means the end."""
        self._ring += data
        del self._ring[:-MAX_STDERR_BYTES]
        if self._on_line is not None:
            *whole, rest = (bytes(self._line) + data).split(b"\n")
            self._line = bytearray(rest[:MAX_LINE_BYTES])
            for line in whole if data else [*whole, rest]:
                if line:
                    self._on_line(line[:MAX_LINE_BYTES].decode(errors="replace"))

    def text(self) -> str:
        return self._ring.decode(errors="replace")
