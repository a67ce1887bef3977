"""The cuts of a film for those who lay out its cues, looked for beside the recognition.

Nothing fails for want of them: where the search breaks off, or takes longer than it is worth, the
cues after that are timed as if there were no cuts, and the result says so.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from polycue.cues.presets import rules_for
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, PolycueError
from polycue.domain.language import UNDETERMINED
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import LayoutOptions, ShotMode
from polycue.domain.shots import Shots
from polycue.media.shots import find_cuts
from polycue.pipeline.job_thread import job_thread
from polycue.pipeline.timing import timed

# How much longer than without it a job may take for the search, unless it is asked for. Half a
# minute is enough for short films on a busy machine: these have the same cuts each time.
LEAST_PATIENCE_S = 30.0
PATIENCE_SHARE = 0.25
_TICK_S = 0.2


class ShotSource(Protocol):
    @property
    def cuts_ms(self) -> Sequence[int]:
        """Those that are known by now, in order; the sequence may grow."""
        ...

    @property
    def until_ms(self) -> int | None:
        """Up to when all are known; None where no more will be."""
        ...

    def wait(self, moved: Callable[[int], None]) -> None:
        """Return once all cuts are known, or no more will be.

        ``moved`` is told now and then how far the picture was looked through.

        Raises:
            Cancelled: the job was cancelled.
        """
        ...

    def result(self) -> Shots | None:
        """What is worth keeping, None where nobody looked."""
        ...

    def notices(self) -> tuple[Notice, ...]: ...


class KnownShots:
    """Cuts that need no search."""

    until_ms = None

    def __init__(self, shots: Shots | None = None, notices: tuple[Notice, ...] = ()) -> None:
        """``notices`` say why there are none, or not all, where some were asked for."""
        self._shots, self._notices = shots, notices
        self.cuts_ms = shots.cuts_ms if shots else ()

    def __repr__(self) -> str:
        return f"KnownShots({len(self.cuts_ms)})"

    def wait(self, moved: Callable[[int], None]) -> None:
        pass

    def result(self) -> Shots | None:
        return self._shots

    def notices(self) -> tuple[Notice, ...]:
        return self._notices


class ShotScan:
    """A search in a thread of its own; made by ``shots_of``.

    ``spent_ms`` is for how long earlier runs of the job were at work. Without those the search
    would be that much further, so it is waited for that much longer: a job that was interrupted has
    the same cuts as one that was not.
    """

    def __init__(
        self, media: Media, picture: Stream, mode: ShotMode, spent_ms: int, cancel: CancelToken
    ) -> None:
        self._media, self._picture, self._mode = media, picture, mode
        self._spent_s = spent_ms / 1000
        self._cancel, self._stop = cancel, CancelToken()
        self._thread = job_thread(self._search, "shots")
        self._moved = threading.Condition()
        self._began = time.monotonic()
        self._cuts: list[int] = []
        self._reached_ms = 0
        self._over = self._whole = False
        self._problem = "the search for cuts broke off"  # of its thread, if nothing else is said

    def __repr__(self) -> str:
        state = "over" if self._over else "looking"
        return f"ShotScan({len(self._cuts)} cuts in {self._reached_ms} ms, {state})"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the search if it still goes on. Safe to call twice."""
        self._stop.cancel()
        self._thread.join()

    @property
    def whole(self) -> bool:
        """Whether all of the picture was looked through."""
        return self._whole

    @property
    def cuts_ms(self) -> Sequence[int]:
        return self._cuts

    @property
    def until_ms(self) -> int | None:
        return None if self._over else self._reached_ms

    def wait(self, moved: Callable[[int], None]) -> None:
        deadline = self._deadline()
        while not self._over:
            self._cancel.check()
            moved(self._reached_ms)
            if deadline is not None and time.monotonic() >= deadline:
                self._problem = "looking for cuts would have taken much longer than all else"
                self.stop()
                return
            with self._moved:
                if not self._over:
                    self._moved.wait(_TICK_S)
        self._cancel.check()

    def result(self) -> Shots | None:
        if self._whole:
            return Shots(tuple(self._cuts))
        return Shots(tuple(self._cuts), self._reached_ms) if self._reached_ms else None

    def notices(self) -> tuple[Notice, ...]:
        """What to tell a caller who asked for cuts."""
        if self._mode is not ShotMode.ON or self._whole or not self._over:
            return ()
        after = f"the cuts of the picture after {self._reached_ms / 1000:.1f} s: {self._problem}"
        return (_unknown(after, until_ms=str(self._reached_ms)),)

    def _deadline(self) -> float | None:
        if self._mode is ShotMode.ON:
            return None
        now = time.monotonic()
        work_s = self._spent_s + now - self._began
        return now + self._spent_s + max(LEAST_PATIENCE_S, PATIENCE_SHARE * work_s)

    def _search(self) -> None:
        forget = self._cancel.on_cancel(self._stop.cancel)
        try:
            with timed("shots"):
                self._take_all()
            self._whole = True
        except PolycueError as error:
            self._problem = str(error)
        except Cancelled:
            pass  # by whoever stopped it
        finally:
            forget()
            with self._moved:
                self._over = True
                self._moved.notify_all()

    def _take_all(self) -> None:
        for found in find_cuts(self._media, self._picture, cancel=self._stop):
            with self._moved:
                self._cuts += found.cuts_ms
                self._reached_ms = found.until_ms
                self._moved.notify_all()


@contextmanager
def shots_of(
    media: Media, layout: LayoutOptions, *, spent_ms: int = 0, cancel: CancelToken
) -> Iterator[ShotSource]:
    """The cuts of a film as ``layout`` wants them; leaving the block ends the search for them.

    ``spent_ms`` is for how long earlier runs were at work; see ``ShotScan``.
    """
    picture, mode = media.picture, layout.shots
    if mode is ShotMode.OFF or not rules_for(layout, UNDETERMINED, None).shot_zone_ms:
        yield KnownShots()
    elif picture is None:
        yield _none_known("there is none") if mode is ShotMode.ON else KnownShots()
    else:
        scan = ShotScan(media, picture, mode, spent_ms, cancel)
        scan.start()
        try:
            yield scan
        finally:
            scan.stop()


def shots_again(mode: ShotMode, stored: Shots | None) -> ShotSource:
    """Those that were found when a film was heard, for tracks without it."""
    match mode:
        case ShotMode.OFF:
            return KnownShots()
        case ShotMode.ON if stored is None:
            return _none_known("nobody looked for them; give the film too")
        case _:
            return KnownShots(stored)


def _none_known(problem: str) -> KnownShots:
    return KnownShots(None, (_unknown(f"the cuts of a picture: {problem}"),))


def _unknown(what: str, **facts: str) -> Notice:
    return Notice(NoticeReason.SHOTS_UNKNOWN, f"cues do not heed {what}", facts)
