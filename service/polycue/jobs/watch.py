"""Following a job: a snapshot, then what happens, until it ends, over attempts and servers."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from polycue import metrics
from polycue.domain.errors import Draining
from polycue.domain.progress import CuesReady
from polycue.jobs.board import Board, Followed
from polycue.jobs.feed import ArtifactReady, Feed, FeedEvent, JobChanged, first_number
from polycue.jobs.job import Job
from polycue.jobs.lane import Lane
from polycue.jobs.told import NumberedCues


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened, and the number to go on from."""

    sequence: int
    event: FeedEvent | Quiet


class Watcher:
    """Follows jobs; ``heartbeat_s`` is how long it stays silent at most.

    A job at work here is followed by its feed. One that waits, or that another server works on, is
    looked at in the store: at once when it changes here, else each ``poll_s``.
    """

    def __init__(self, board: Board, lane: Lane, *, heartbeat_s: float, poll_s: float) -> None:
        self._board, self._lane = board, lane
        self._heartbeat_s = heartbeat_s
        self._look_s = min(poll_s, heartbeat_s) if board.shared else heartbeat_s

    async def follow(
        self, tenant: str, job_id: str, *, after: int = 0, with_cues: bool = False
    ) -> AsyncGenerator[Seen]:
        """What happens to a job until it has ended; the ended job comes last. Close it.

        Begins with a snapshot, unless all that came after event ``after`` is still known. Cues are
        told only ``with_cues``; then those from before the snapshot follow it, as far as they are
        kept, so that a watcher who comes late misses none. Each attempt tells them from the first.

        Raises:
            NotFound: there is no such job, or not any more.
            Draining: the server stops before the job has ended; a snapshot was the last.
        """
        view, loop = _View(after, with_cues), asyncio.get_running_loop()
        heartbeat_due_s = loop.time() + self._heartbeat_s
        with _news_of(self._board, job_id) as news:
            while True:
                news.clear()
                closing = self._board.closing  # before looking, so that nothing slips by
                for seen in await self._unseen(view, tenant, job_id):
                    yield seen
                    heartbeat_due_s = loop.time() + self._heartbeat_s
                if view.ended:
                    return
                if view.at_once:
                    continue
                if closing:
                    job = await self._lane(self._board.get, tenant, job_id)
                    yield Seen(view.position, JobChanged(job))
                    raise Draining
                wait_s = heartbeat_due_s - loop.time()
                await _happens(news, wait_s if view.feed else min(wait_s, self._look_s))
                if loop.time() >= heartbeat_due_s:
                    yield Seen(view.position, Quiet())
                    heartbeat_due_s = loop.time() + self._heartbeat_s

    async def _unseen(self, view: "_View", tenant: str, job_id: str) -> list[Seen]:
        """What the watcher does not know yet, from the feed it reads or else from the store."""
        if view.feed:
            return view.read(view.feed)
        cues_after = view.cues_after
        found = await self._lane(self._board.follow, tenant, job_id, cues_after=cues_after)
        return view.look(found)


class _View:
    """How far one watcher has come, and what it knows.

    ``feed`` is what it reads from, None while it looks at the job in the store; ``at_once`` says
    that there may be more to tell at once, in the feed or else in the store.
    """

    def __init__(self, after: int, with_cues: bool) -> None:
        self.position, self._with_cues = after, with_cues
        self.feed: Feed | None = None
        self.at_once = True
        self._end_told = False  # and nothing after it
        self._job: Job | None = None  # as it was told last
        self._told_until = 0  # of the feed: all but the cues, by a snapshot
        self._read_to_the_end: Feed | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to tell."""
        return self._end_told and self.feed is None

    @property
    def cues_after(self) -> int | None:
        """From where on cues of another server are wanted."""
        return self.position if self._with_cues else None

    def look(self, found: Followed) -> list[Seen]:
        """What is new in the store; where there is a feed, begin to read from it."""
        self.at_once = False
        if found.feed is None or found.feed is self._read_to_the_end:
            return self._differences(found.job, found.cues)
        self.feed, self.at_once = found.feed, True
        if found.feed.reaches(self.position):
            return []
        return self._begin(found.job, found.last, found.feed)

    def _begin(self, job: Job, last: int, feed: Feed) -> list[Seen]:
        """A snapshot, and how far back to read; an attempt that is over is told as it went."""
        self.position, self._told_until = feed.forgotten, 0
        if job.ended and self._with_cues and feed.is_whole:
            return []
        self._told_until = last
        if not self._with_cues:
            self.position = last
        return [self._tell(self.position, JobChanged(job))]

    def read(self, feed: Feed) -> list[Seen]:
        """What is new in the feed."""
        closed = feed.closed  # before reading, so that nothing slips by
        events = feed.after(self.position)
        if self.position < feed.forgotten:
            metrics.WATCH_GAPS.inc()
            self.position, self.feed, self.at_once = 0, None, True  # a new snapshot
            return []
        seen = [self._tell(number, event) for number, event in events if self._wants(number, event)]
        if events:
            self.position = events[-1][0]
        self.at_once = False
        if closed:
            self._read_to_the_end, self.feed, self.at_once = feed, None, True
        return seen

    def _wants(self, number: int, event: FeedEvent) -> bool:
        if isinstance(event, CuesReady):
            return self._with_cues
        is_end = isinstance(event, JobChanged) and event.job.ended
        return number > self._told_until or (is_end and not self._end_told)

    def _differences(self, job: Job, cues: Sequence[NumberedCues]) -> list[Seen]:
        """What changed since the last look, and cues that came from elsewhere.

        Only cues have numbers here. Whoever goes on from one in the feed of the attempt, on the
        server at work, is told all that came after that cue.
        """
        before, self._job = self._job, job
        self.position = max(self.position, first_number(job.epoch))
        told: list[tuple[int, FeedEvent]] = []
        if before is None or (_essence(before) != _essence(job) and not job.ended):
            told.append((self.position, JobChanged(job)))
        told += cues
        self.position = max([self.position, *(number for number, _ in cues)])
        if job.ended and (before is not None or cues):
            told.append((self.position, JobChanged(job)))
        elif before is not None:
            told += [(self.position, event) for event in _moves(before, job)]
        return [self._tell(number, event) for number, event in told]

    def _tell(self, number: int, event: FeedEvent) -> Seen:
        if isinstance(event, JobChanged):
            self._job = event.job
        self._end_told = isinstance(event, JobChanged) and event.job.ended
        return Seen(number, event)


def _moves(before: Job, job: Job) -> Iterator[FeedEvent]:
    yield from (stage for stage in job.stages if stage not in before.stages)
    yield from (ArtifactReady(new) for new in job.artifacts if new not in before.artifacts)


def _essence(job: Job) -> tuple[object, ...]:
    """What a change of is told by a snapshot."""
    return job.state, job.epoch, job.language, job.failure, job.notices


async def _happens(news: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await news.wait()


@contextmanager
def _news_of(board: Board, job_id: str) -> Iterator[asyncio.Event]:
    """An event that is set, in this loop, whenever something happens to the job here."""
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody watches any more
            loop.call_soon_threadsafe(news.set)

    unlisten = board.listen(job_id, wake)
    try:
        yield news
    finally:
        unlisten()
