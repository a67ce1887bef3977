"""What a call writes, read to its end, even where something kills ffmpeg once on the way.

ffmpeg makes the same of a film each time, so the second one is read up to where the first one was
and goes on from there.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import ToolFailed, ToolKilled
from polycue.media import command
from polycue.media.call import Call
from polycue.media.complaints import Complaints

_SKIP_BYTES = 2**20

log = telemetry.logger(__name__)


class Reading:
    """A call at work; leaving the block ends it. Read in one thread.

    Its methods raise what those of ``command.Piped`` raise.
    """

    def __init__(
        self, call: Call, *, timeout_s: float, cancel: CancelToken, aside: bool = False
    ) -> None:
        self._call, self._timeout_s, self._cancel, self._aside = call, timeout_s, cancel, aside
        self._running = ExitStack()
        self._taken_bytes = 0
        self._began_again = False
        self._start()

    def __repr__(self) -> str:
        return f"Reading({self._taken_bytes} bytes of {self._child!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def complaints(self) -> Complaints:
        """What ffmpeg said; complete once ``finish`` was called."""
        return self._complaints

    def read(self, n_bytes: int) -> bytes:
        """The next ``n_bytes``, fewer only at the end."""
        data = self._take(lambda: self._child.read(n_bytes))
        return data if len(data) == n_bytes else data + self._take_rest(n_bytes - len(data))

    def read_some(self, n_bytes: int) -> bytes:
        """As ``read``, but returns as soon as there is anything."""
        return self._take(lambda: self._child.read_some(n_bytes)) or self._take_rest(n_bytes)

    def finish(self) -> None:
        """Wait for the end, which must not be a failure."""
        self._child.finish()

    def _take(self, read: Callable[[], bytes]) -> bytes:
        data = read()
        self._taken_bytes += len(data)
        return data

    def _take_rest(self, n_bytes: int) -> bytes:
        """More from where the output ended, if that was because somebody ended ffmpeg."""
        try:
            self._child.finish()
        except ToolKilled as error:
            if self._began_again:
                raise
            log.warning("ffmpeg was killed and begins again", returncode=error.returncode)
            self._begin_again()
            return self._take(lambda: self._child.read(n_bytes))
        except ToolFailed:
            return b""  # ``finish`` will say so again
        return b""

    def _begin_again(self) -> None:
        self._began_again = True
        self._running.close()
        self._start()
        left = self._taken_bytes
        while left > 0 and (data := self._child.read(min(left, _SKIP_BYTES))):
            left -= len(data)

    def _start(self) -> None:
        self._complaints = Complaints()
        self._child = self._running.enter_context(
            command.piped(
                self._call,
                timeout_s=self._timeout_s,
                cancel=self._cancel,
                on_line=self._complaints.feed,
                aside=self._aside,
            )
        )
