"""Following a job: a snapshot, then what happens, until it ends."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from polycue.domain.errors import Draining
from polycue.domain.progress import CuesReady
from polycue.jobs.board import Board
from polycue.jobs.feed import Feed, FeedEvent, JobChanged
from polycue.jobs.job import Job
from polycue.jobs.lane import Lane


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing happened for a while."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened, and the number to go on from."""

    sequence: int
    event: FeedEvent | Quiet


class Watcher:
    """Follows jobs; ``heartbeat_s`` is how long it stays silent at most."""

    def __init__(self, board: Board, lane: Lane, *, heartbeat_s: float) -> None:
        self._board, self._lane, self._heartbeat_s = board, lane, heartbeat_s

    async def follow(
        self, tenant: str, job_id: str, *, after: int = 0, with_cues: bool = False
    ) -> AsyncGenerator[Seen]:
        """What happens to a job until it has ended; the ended job comes last. Close it.

        Begins with a snapshot, unless all that came after event ``after`` is still known. Cues are
        told only ``with_cues``; then those from before the snapshot follow it, as far as they are
        kept, so that a watcher who comes late misses none.

        Raises:
            NotFound: there is no such job.
            Draining: the server stops before the job has ended; a snapshot was the last.
        """
        job, last, feed = await self._lane(self._board.follow, tenant, job_id)
        if feed is None:
            yield Seen(after, JobChanged(job))
            return
        cursor = _Cursor(after, with_cues)
        stale = after == 0 or not feed.reaches(after)
        with _news_of(feed) as news:
            while True:
                news.clear()
                ended, closed = feed.ended, feed.closed  # before reading, so that nothing slips by
                seen = None if stale else cursor.read(feed)
                if seen is None:
                    job, last, _ = await self._lane(self._board.follow, tenant, job_id)
                    yield cursor.snapshot(job, last, feed)
                    stale = False
                    continue
                for one in seen:
                    yield one
                if ended or closed:
                    break
                if not seen and not await self._happens(news):
                    yield Seen(cursor.position, Quiet())
        if not cursor.end_told:
            job, _, _ = await self._lane(self._board.follow, tenant, job_id)
            yield Seen(cursor.position, JobChanged(job))
        if not ended:
            raise Draining

    async def _happens(self, news: asyncio.Event) -> bool:
        """Whether there is news before the next heartbeat is due."""
        try:
            async with asyncio.timeout(self._heartbeat_s):
                await news.wait()
        except TimeoutError:
            return False
        return True


@dataclass(slots=True)
class _Cursor:
    """How far one watcher has come in a feed, and what it knows from a snapshot."""

    position: int
    with_cues: bool
    told_until: int = 0
    end_told: bool = False

    def snapshot(self, job: Job, last: int, feed: Feed) -> Seen:
        """Begin with ``job``, which holds all until event ``last`` but the cues."""
        self.position = feed.forgotten if self.with_cues else last
        self.told_until, self.end_told = last, job.ended
        return Seen(self.position, JobChanged(job))

    def read(self, feed: Feed) -> list[Seen] | None:
        """What is new to the watcher; None where some of it is forgotten."""
        events = feed.after(self.position)
        if self.position < feed.forgotten:
            return None
        seen = [Seen(number, event) for number, event in events if self._wants(number, event)]
        if events:
            self.position = events[-1][0]
        if seen:
            last = seen[-1].event
            self.end_told = isinstance(last, JobChanged) and last.job.ended
        return seen

    def _wants(self, number: int, event: FeedEvent) -> bool:
        return self.with_cues if isinstance(event, CuesReady) else number > self.told_until


@contextmanager
def _news_of(feed: Feed) -> Iterator[asyncio.Event]:
    """An event that is set, in this loop, whenever the feed grows."""
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody watches any more
            loop.call_soon_threadsafe(news.set)

    unlisten = feed.listen(wake)
    try:
        yield news
    finally:
        unlisten()
