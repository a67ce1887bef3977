"""What happened in one attempt at a job, numbered so that a watcher can go on where it stopped."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from polycue import metrics
from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.jobs.job import Artifact, Job, JobState

# A film of two hours in three languages has about 4500 cues of some 2 KB each.
MOST_KEPT = 10_000

_AT_WORK = frozenset({JobState.RUNNING, JobState.CANCELLING})


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A snapshot, taken at a change of the job's state or of what is known about it."""

    job: Job


@dataclass(frozen=True, slots=True)
class ArtifactReady:
    artifact: Artifact


FeedEvent = JobChanged | StageMoved | CuesReady | ArtifactReady


def first_number(epoch: int) -> int:
    """The number before the first event of an attempt.

    No other attempt, on whatever server, reaches into the numbers that follow it: so a number says
    of itself whether what came after it is known here.
    """
    return epoch << 32


class Feed:
    """Events of one attempt, numbered from ``first_number``; safe to use from several threads.

    Watchers read from it at their own pace, and none of them holds anything back; ``ring`` tells
    them that there is news. It keeps a bounded amount: of each stage only the newest progress, of
    all else the newest ``limit``, where each cue counts. ``forgotten`` is the number of the last
    event that fell out.
    """

    def __init__(
        self, *, epoch: int = 0, ring: Callable[[], None] = lambda: None, limit: int = MOST_KEPT
    ) -> None:
        self.epoch = epoch
        self._limit, self._kept, self._ring = limit, 0, ring
        self._events: OrderedDict[int, FeedEvent] = OrderedDict()
        self._progress: dict[Stage, int] = {}
        self._lock = threading.Lock()
        self.last = self.forgotten = first_number(epoch)
        self.closed = False  # the attempt is over; what follows, if anything, is another one's

    def __repr__(self) -> str:
        return f"Feed({self.forgotten}..{self.last}{', closed' if self.closed else ''})"

    def append(self, event: FeedEvent) -> int:
        """Add an event; its number."""
        with self._lock:
            number = self.last = self.last + 1
            self._events[self.last] = event
            self._kept += _weight(event)
            metrics.FEED_EVENTS.labels("kept").inc()
            if isinstance(event, StageMoved):
                self._replace_progress(event.stage)
            self._forget_oldest()
            self.closed |= isinstance(event, JobChanged) and event.job.state not in _AT_WORK
        self._ring()
        return number

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

    @property
    def is_whole(self) -> bool:
        """Whether nothing has fallen out."""
        return self.forgotten == first_number(self.epoch)

    def close(self) -> None:
        """Tell the watchers that nothing follows here."""
        self.closed = True
        self._ring()

    def _replace_progress(self, stage: Stage) -> None:
        before = self._progress.get(stage, 0)
        if before in self._events:
            del self._events[before]
            self._kept -= 1
            metrics.FEED_EVENTS.labels("merged").inc()
        self._progress[stage] = self.last

    def _forget_oldest(self) -> None:
        # Never the newest: one event larger than the limit is still told.
        while self._kept > self._limit and len(self._events) > 1:
            self.forgotten, event = self._events.popitem(last=False)
            self._kept -= _weight(event)
            metrics.FEED_EVENTS.labels("forgotten").inc()


class RecentFeeds:
    """Feeds of attempts that are over, for watchers whose connection broke just then.

    Safe to use from several threads.
    """

    def __init__(self, limit: int = 8) -> None:
        self._limit, self._lock = limit, threading.Lock()
        self._feeds: OrderedDict[str, Feed] = OrderedDict()

    def keep(self, job_id: str, feed: Feed) -> None:
        with self._lock:
            self._feeds[job_id] = feed
            self._feeds.move_to_end(job_id)
            while len(self._feeds) > self._limit:
                self._feeds.popitem(last=False)

    def of(self, job: Job) -> Feed | None:
        """Of the job's last attempt, where that is among them."""
        with self._lock:
            feed = self._feeds.get(job.id)
        return feed if feed and feed.epoch == job.epoch else None


def _weight(event: FeedEvent) -> int:
    return max(1, len(event.cues)) if isinstance(event, CuesReady) else 1
