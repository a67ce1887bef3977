import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing

import pytest

from polycue.domain.errors import Draining, NotFound
from polycue.domain.progress import CuesReady
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.feed import ArtifactReady, JobChanged
from polycue.jobs.job import Artifact, JobState
from polycue.jobs.lane import Lane
from polycue.jobs.runner import Runner, RunsTasks
from polycue.jobs.watch import Quiet, Seen, Watcher
from polycue.testing.pipeline import FakePipeline, Gate
from polycue.testing.store import TENANT

Run = Callable[[RunsTasks], Runner]
WAIT_S = 20


@pytest.fixture
def watcher(board: Board) -> Iterator[Watcher]:
    lane = Lane("test", threads=1)
    yield Watcher(board, lane, heartbeat_s=WAIT_S)
    lane.close()


async def rest(events: AsyncGenerator[Seen]) -> list[Seen]:
    async with aclosing(events):
        return [seen async for seen in events]


def brief(seen: list[Seen]) -> list[str]:
    """The states of the jobs seen, and the kinds of all else; progress is left out."""
    words = []
    for one in seen:
        match one.event:
            case JobChanged(job):
                words.append(job.state.value)
            case CuesReady(language, first):
                words.append(f"{language}{first}")
            case ArtifactReady(artifact):
                words.append(artifact.id)
            case Quiet():
                words.append("quiet")
    return words


def within(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(WAIT_S):
            await scenario()

    asyncio.run(limited())


def test_a_watch_begins_and_ends_with_the_job(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        events = watcher.follow(TENANT, job.id, with_cues=True)
        first = await anext(events)
        # Not before: an artifact that the first look at the job shows is not told a second time.
        run(FakePipeline(["a", "b"]))
        seen = [first, *await rest(events)]
        words = brief(seen)
        assert words[0] == "queued"
        assert [w for w in words if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]
        assert words[-3:] == ["film.en.srt", "film.es.srt", "succeeded"]
        numbers = [one.sequence for one in seen]
        assert numbers == sorted(numbers)

    within(scenario)


def test_cues_come_only_when_asked_for(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        watching = asyncio.create_task(rest(watcher.follow(TENANT, job.id)))
        run(FakePipeline())
        assert not any(isinstance(one.event, CuesReady) for one in await watching)

    within(scenario)


def test_who_comes_late_gets_every_cue(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    gate = Gate()
    run(FakePipeline(["a", "b"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)

    async def scenario() -> None:
        events = watcher.follow(TENANT, job.id, with_cues=True)
        first = await anext(events)
        gate.open()
        words = brief([first, *await rest(events)])
        assert words[:3] == ["running", "en1", "es1"]
        assert words[-1] == "succeeded"
        assert words.count("running") == 1  # what the snapshot says is not said again

    within(scenario)


def test_a_watch_that_broke_goes_on_without_a_gap(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    gate = Gate()
    run(FakePipeline(["a", "b", "c"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)

    async def scenario() -> None:
        async with aclosing(watcher.follow(TENANT, job.id, with_cues=True)) as events:
            last = [await anext(events), await anext(events)][-1]
        assert (
            board.get(TENANT, job.id).state is JobState.RUNNING
        )  # closing a watch cancels nothing
        gate.open()
        words = brief(
            await rest(watcher.follow(TENANT, job.id, after=last.sequence, with_cues=True))
        )
        assert [w for w in words if w[:2] in {"en", "es"}] == ["es1", "en2", "es2", "en3", "es3"]
        assert words[-1] == "succeeded"

    within(scenario)


def test_an_ended_job_is_told_once(board: Board, draft: JobDraft, watcher: Watcher) -> None:
    job = board.cancel(TENANT, board.create(TENANT, draft).id)

    async def scenario() -> None:
        for after in (0, 1, 2, 99):
            assert brief(await rest(watcher.follow(TENANT, job.id, after=after))) == ["cancelled"]
        last = await rest(watcher.follow(TENANT, job.id, after=2))
        assert last[0].sequence == 2

    within(scenario)


def test_after_a_restart_an_ended_job_is_told_from_the_store(
    board: Board, draft: JobDraft, watcher: Watcher
) -> None:
    job = board.cancel(TENANT, board.create(TENANT, draft).id)
    for _ in range(10):  # its feed is forgotten
        board.cancel(TENANT, board.create(TENANT, draft).id)

    async def scenario() -> None:
        assert board.follow(TENANT, job.id)[2] is None
        assert brief(await rest(watcher.follow(TENANT, job.id, after=7))) == ["cancelled"]

    within(scenario)


def test_silence_is_broken_by_heartbeats(board: Board, draft: JobDraft) -> None:
    lane = Lane("test", threads=1)
    watcher = Watcher(board, lane, heartbeat_s=0.001)

    async def scenario() -> None:
        async with aclosing(watcher.follow(TENANT, board.create(TENANT, draft).id)) as events:
            seen = [await anext(events) for _ in range(3)]
        assert brief(seen) == ["queued", "quiet", "quiet"]
        assert len({one.sequence for one in seen}) == 1

    within(scenario)
    lane.close()


def test_a_server_that_stops_ends_the_watch_of_a_waiting_job(
    board: Board, draft: JobDraft, watcher: Watcher
) -> None:
    async def scenario() -> None:
        events = watcher.follow(TENANT, board.create(TENANT, draft).id)
        seen = [await anext(events)]
        board.stop_claims()
        board.close_feeds()
        seen.append(await anext(events))
        with pytest.raises(Draining):
            await anext(events)
        assert brief(seen) == ["queued", "queued"]

    within(scenario)


def test_a_watcher_who_fell_too_far_behind_gets_a_new_snapshot(
    board: Board, draft: JobDraft, watcher: Watcher
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        _, _, feed = board.follow(TENANT, job.id)
        assert feed is not None
        feed._limit = 5
        events = watcher.follow(TENANT, job.id, with_cues=True)
        seen = [await anext(events)]
        for number in range(20):
            feed.append(CuesReady("en", number, ()))
            feed.append(ArtifactReady(artifact("x")))
        board.cancel(TENANT, job.id)
        seen += await rest(events)
        words = brief(seen)
        assert words[0] == "queued"
        assert words[1] == words[-1] == "cancelled"
        assert [one.sequence for one in seen][1] == feed.forgotten

    within(scenario)


def artifact(name: str) -> Artifact:
    return Artifact(name, name, "", "", 0, b"")


def test_a_job_that_is_not_there_cannot_be_watched(watcher: Watcher) -> None:
    async def scenario() -> None:
        with pytest.raises(NotFound):
            await anext(watcher.follow(TENANT, "nowhere"))

    within(scenario)


def test_events_from_other_threads_wake_the_loop(
    board: Board, draft: JobDraft, watcher: Watcher
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        events = watcher.follow(TENANT, job.id)
        await anext(events)
        thread = threading.Thread(target=board.cancel, args=(TENANT, job.id))
        thread.start()
        assert brief(await rest(events)) == ["cancelled"]
        thread.join()

    within(scenario)
