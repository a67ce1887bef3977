"""What memory holds of a job that this server works on."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from polycue.domain.cancel import CancelToken
from polycue.domain.progress import Stage, StageMoved
from polycue.domain.usage import EngineUsage
from polycue.jobs.feed import Feed
from polycue.jobs.job import Job
from polycue.jobs.store.protocol import Lease
from polycue.jobs.told import NumberedCues

_TELL_EVERY_S = 0.1  # ffmpeg decodes hundreds of blocks a second; nobody watches that closely


class Why(Enum):
    """Why work is stopped; what comes later in the list counts for more."""

    DRAINED = auto()  # the server ends, and another goes on
    CANCELLED = auto()  # the job's owner does not want it any more
    LOST = auto()  # it is no longer ours: nothing may be written


class LiveJob:
    """One attempt: its lease, the flag that stops it, its feed, and how far its stages have come.

    ``move`` belongs to the thread that works on the job; all else may be used from anywhere. Who
    writes what the feed tells of holds ``order`` over both, so that they have one order; who takes
    from ``untold`` holds it too. ``used`` tells how the engine has worked on the job by now, in all
    its attempts; None while there is nothing to tell beyond what the store knows.
    """

    def __init__(self, lease: Lease, ring: Callable[[], None] = lambda: None) -> None:
        self.lease = lease
        self.cancel = CancelToken()
        self.feed = Feed(epoch=lease.epoch, ring=ring)
        self.order = threading.RLock()
        self.why: Why | None = None
        self.untold: list[NumberedCues] = []  # which other servers do not know of yet
        self.used: Callable[[], EngineUsage] | None = None
        self._stages: dict[Stage, StageMoved] = {}
        self._told: dict[Stage, float] = {}

    def __repr__(self) -> str:
        return f"LiveJob({self.lease.job_id}, {self.feed!r}, {self.cancel!r})"

    @property
    def stages(self) -> tuple[StageMoved, ...]:
        """The newest progress of each stage, in the order the stages began."""
        return tuple(self._stages.copy().values())

    def with_progress(self, job: Job) -> Job:
        """The job with the newest progress, and with as much of media and engine as that took."""
        stages = self.stages
        media_ms = max((stage.processed_ms for stage in stages), default=0)
        length_ms = max((stage.total_ms or 0 for stage in stages), default=0)
        usage = self.used() if self.used else job.usage
        return replace(
            job,
            stages=stages,
            media_ms=max(job.media_ms, media_ms),
            length_ms=length_ms or job.length_ms,
            usage=usage,
        )

    def move(self, moved: StageMoved) -> None:
        """Keep a stage's progress; the feed gets its first, its last, and some in between."""
        self._stages[moved.stage] = moved
        now_s = time.monotonic()
        if moved.finished or now_s - self._told.get(moved.stage, 0.0) >= _TELL_EVERY_S:
            self._told[moved.stage] = now_s
            self.feed.append(moved)

    def stop(self, why: Why) -> None:
        """Stop the work, for this reason unless there is a weightier one."""
        if self.why is None or why.value > self.why.value:
            self.why = why
        self.cancel.cancel()
