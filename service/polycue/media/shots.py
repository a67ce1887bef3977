"""Where a film's picture cuts from one shot to the next, while ffmpeg still looks at it.

A cut is a frame that has little of the one before it, far less than that had of its own. Fades and
pans change slowly and are none.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import ToolFailed, ToolTimedOut, Undecodable
from polycue.domain.media import Media, Stream
from polycue.media import arguments
from polycue.media.complaints import reason
from polycue.media.failure import telling
from polycue.media.reading import Reading

# Of 100. ffmpeg's own 10 is said to miss one cut in five of dark scenes.
THRESHOLD = 5.0
# Several cuts within less are a flash, a strobe or a shaking camera, and no text can follow them.
# But one that stands out so far from the others is a cut with some movement beside it.
CLUSTER_MS = 500
DOMINANCE = 2.0
READ_TIMEOUT_S = 120.0  # for a few pictures, which take milliseconds
# A search that takes four times as long as the film is of no use to anybody.
SLOWEST = 4.0
_GRACE_S = 60.0
# Each holds pictures of its own, and in 4K half a gigabyte is not many pictures.
_MOST_THREADS, _MOST_THREADS_IN_4K = 8, 4
_4K_PIXELS = 3000 * 2000
_READ_BYTES = 16 * 2**10
_FRAME = re.compile(rb"pts:(-?\d+) .*\nlavfi\.scd\.score=([\d.]+)\n")


@dataclass(frozen=True, slots=True)
class Found:
    """``cuts_ms``, in order, are all that there are up to ``until_ms`` and were not told before."""

    until_ms: int
    cuts_ms: tuple[int, ...]


def find_cuts(media: Media, stream: Stream, *, cancel: CancelToken) -> Iterator[Found]:
    """Look through one video stream; leaving the loop ends ffmpeg.

    A cut is the first whole millisecond of the first frame of a shot, on the media's clock.

    Raises:
        Undecodable: ffmpeg gave up on the stream.
        ToolTimedOut: it gave nothing for two minutes, or takes four times as long as the film.
        ToolMissing: ffmpeg is not installed.
        Cancelled: the token was set.
    """
    most = _MOST_THREADS if stream.pixels < _4K_PIXELS else _MOST_THREADS_IN_4K
    threads = min(most, os.cpu_count() or 1)
    call = arguments.scene_scores(media, stream.index, threads=threads)
    began = time.monotonic()
    settling = Settling()
    with Reading(call, timeout_s=READ_TIMEOUT_S, cancel=cancel, aside=True) as reading:
        for scores in _scores(reading):
            cuts = tuple(
                cut
                for time_ms, score in scores
                for cut in settling.feed(time_ms - media.start_ms, score)
            )
            yield Found(settling.until_ms, cuts)
            taken_s = time.monotonic() - began - _GRACE_S
            if taken_s * 1000 > SLOWEST * settling.until_ms:
                raise ToolTimedOut(call.argv, taken_s + _GRACE_S)
        try:
            reading.finish()
        except ToolFailed as error:
            if known := telling(media.path, error):
                raise known from error
            why = reason(error.stderr_tail, media.path) or f"ffmpeg ended with {error.returncode}"
            raise Undecodable(media.path, why) from error
    yield Found(settling.until_ms, tuple(settling.finish()))


class Settling:
    """Takes scored frames as they come and gives the cuts, once it is sure that they are some.

    Cuts are at least half a second apart, so a film has no more of them than twice its seconds.
    """

    def __init__(self) -> None:
        self._now_ms = 0
        # Of frames that may be cuts and lie too close to each other: the latest, the highest score
        # with its time, and the one next to it.
        self._latest_ms = 0
        self._best: tuple[float, int] | None = None
        self._rival = 0.0

    def __repr__(self) -> str:
        return f"Settling({self.until_ms} ms)"

    @property
    def until_ms(self) -> int:
        """No frame that is still to come makes a cut before this."""
        return self._best[1] if self._best and self._stands_out else self._now_ms

    def feed(self, time_ms: int, score: float) -> Iterator[int]:
        """Take the next frame; those of which the clock went back are passed over."""
        if time_ms < self._now_ms:
            return
        self._now_ms = time_ms
        if time_ms - self._latest_ms >= CLUSTER_MS:
            yield from self.finish()
        if score >= THRESHOLD:
            self._latest_ms = time_ms
            self._weigh(time_ms, score)

    def finish(self) -> Iterator[int]:
        """The cut among the frames that are not settled, if there is one."""
        if self._best and self._stands_out:
            yield self._best[1]
        self._best, self._rival = None, 0.0

    def _weigh(self, time_ms: int, score: float) -> None:
        if self._best is None:
            self._best = (score, time_ms)
        elif score > self._best[0]:
            self._best, self._rival = (score, time_ms), self._best[0]
        else:
            self._rival = max(self._rival, score)

    @property
    def _stands_out(self) -> bool:
        return self._best is not None and self._best[0] >= DOMINANCE * self._rival


def _scores(reading: Reading) -> Iterator[list[tuple[int, float]]]:
    """The times and the scores of frames, as many as come at once, on the container's clock."""
    rest = b""
    while data := reading.read_some(_READ_BYTES):
        rest += data
        scores, end = [], 0
        for found in _FRAME.finditer(rest):
            scores.append((-(-int(found[1]) // 1000), float(found[2])))
            end = found.end()
        rest = rest[end:][-_READ_BYTES:]  # frames without a time would pile up
        yield scores
