"""What memory holds of a job that has not ended."""

import time

from polycue.domain.cancel import CancelToken
from polycue.domain.progress import Stage, StageMoved
from polycue.jobs.feed import Feed
from polycue.jobs.store.protocol import Lease

_TELL_EVERY_S = 0.1  # ffmpeg decodes hundreds of blocks a second; nobody watches that closely


class LiveJob:
    """The flag that stops a job, its feed, and how far its stages have come.

    ``move`` belongs to the thread that works on the job; all else may be used from anywhere.
    """

    def __init__(self) -> None:
        self.cancel = CancelToken()
        self.feed = Feed()
        self.lease: Lease | None = None
        self._stages: dict[Stage, StageMoved] = {}
        self._told: dict[Stage, float] = {}

    def __repr__(self) -> str:
        return f"LiveJob({self.feed!r}, {self.cancel!r})"

    @property
    def held(self) -> Lease:
        """The lease of a job at work."""
        if self.lease is None:
            raise RuntimeError("nobody works on the job")
        return self.lease

    @property
    def stages(self) -> tuple[StageMoved, ...]:
        """The newest progress of each stage, in the order the stages began."""
        return tuple(self._stages.copy().values())

    def move(self, moved: StageMoved) -> None:
        """Keep a stage's progress; the feed gets its first, its last, and some in between."""
        self._stages[moved.stage] = moved
        now_s = time.monotonic()
        if moved.finished or now_s - self._told.get(moved.stage, 0.0) >= _TELL_EVERY_S:
            self._told[moved.stage] = now_s
            self.feed.append(moved)
