"""What happened to a job lately, numbered, so that a watcher can go on where it broke off."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.jobs.job import Artifact, Job

# A film of two hours in three languages has about 4500 cues of some 2 KB each.
MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A snapshot, taken at a change of the job's state or of what is known about it."""

    job: Job


@dataclass(frozen=True, slots=True)
class ArtifactReady:
    artifact: Artifact


FeedEvent = JobChanged | StageMoved | CuesReady | ArtifactReady


class Feed:
    """Events of one job, numbered from 1; safe to use from several threads.

    Watchers read from it at their own pace, and none of them holds anything back. It keeps a
    bounded amount: of each stage only the newest progress, of all else the newest ``limit``, where
    each cue counts. ``forgotten`` is the number of the last event that fell out.
    """

    def __init__(self, limit: int = MOST_KEPT) -> None:
        self._limit, self._kept = limit, 0
        self._events: OrderedDict[int, FeedEvent] = OrderedDict()
        self._progress: dict[Stage, int] = {}
        self._wakers: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self.last = 0
        self.forgotten = 0
        self.ended = False  # nothing will follow
        self.closed = False  # the server stops; what follows, if anything, is not ours to tell

    def __repr__(self) -> str:
        return f"Feed({self.forgotten}..{self.last}{', ended' if self.ended else ''})"

    def append(self, event: FeedEvent) -> None:
        with self._lock:
            self.last += 1
            self._events[self.last] = event
            self._kept += _weight(event)
            if isinstance(event, StageMoved):
                self._replace_progress(event.stage)
            self._forget_oldest()
            self.ended |= isinstance(event, JobChanged) and event.job.ended
        self._wake()

    def after(self, sequence: int) -> list[tuple[int, FeedEvent]]:
        """What came after ``sequence`` and is still kept, oldest first."""
        with self._lock:
            newer = []
            for number in reversed(self._events):
                if number <= sequence:
                    break
                newer.append((number, self._events[number]))
        return newer[::-1]

    def reaches(self, sequence: int) -> bool:
        """Whether all that came after ``sequence`` is still known."""
        return self.forgotten <= sequence <= self.last

    def close(self) -> None:
        """Tell the watchers that the server stops."""
        self.closed = True
        self._wake()

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake``, from any thread, whenever there is news; returns what ends that."""
        with self._lock:
            self._wakers.append(wake)
        return lambda: self._unlisten(wake)

    def _unlisten(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._wakers.remove(wake)

    def _replace_progress(self, stage: Stage) -> None:
        before = self._progress.get(stage, 0)
        if before in self._events:
            del self._events[before]
            self._kept -= 1
        self._progress[stage] = self.last

    def _forget_oldest(self) -> None:
        # Never the newest: one event larger than the limit is still told.
        while self._kept > self._limit and len(self._events) > 1:
            self.forgotten, event = self._events.popitem(last=False)
            self._kept -= _weight(event)

    def _wake(self) -> None:
        with self._lock:
            wakers = tuple(self._wakers)
        for wake in wakers:
            wake()


def _weight(event: FeedEvent) -> int:
    return max(1, len(event.cues)) if isinstance(event, CuesReady) else 1
