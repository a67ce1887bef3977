import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import Draining, NotFound
from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.domain.transcript import Word
from polycue.jobs.at_work import AtWork
from polycue.jobs.attempt import RunsTasks
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.feed import ArtifactReady, JobChanged
from polycue.jobs.job import Artifact, JobState
from polycue.jobs.lane import Lane
from polycue.jobs.live import Why
from polycue.jobs.runner import Runner
from polycue.jobs.watch import Quiet, Seen, Watcher
from polycue.testing.clock import ManualClock
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue.testing.store import TENANT, MemoryJobs
from support.counted import Counted

Run = Callable[[RunsTasks], Runner]
WAIT_S = 60


@pytest.fixture
def watcher_of() -> Iterator[Callable[[Board], Watcher]]:
    lane = Lane("test", threads=1)
    yield lambda board: Watcher(board, lane, heartbeat_s=WAIT_S, poll_s=0.01)
    lane.close()


@pytest.fixture
def watcher(board: Board, watcher_of: Callable[[Board], Watcher]) -> Watcher:
    return watcher_of(board)


@pytest.fixture
def elsewhere(crew: Any, jobs: MemoryJobs) -> Any:
    """Another server on the same store."""
    jobs._database.shared = True  # type: ignore[misc]
    return crew.again("there")


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


def artifacts_told(seen: list[Seen]) -> list[str]:
    """Before the end, each once: what a snapshot shows already is not told again by itself."""
    told: dict[str, None] = {}
    for one in seen:
        match one.event:
            case JobChanged(job) if not job.ended:
                told |= {artifact.id: None for artifact in job.artifacts}
            case ArtifactReady(artifact):
                assert artifact.id not in told
                told[artifact.id] = None
    return list(told)


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
        run(FakePipeline(["a", "b"]))
        seen = [first, *await rest(events)]
        words = brief(seen)
        assert words[0] == "queued"
        assert [w for w in words if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]
        assert artifacts_told(seen) == ["film.en.srt", "film.es.srt"]
        assert words[-1] == "succeeded"
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


def test_an_ended_job_is_told_with_its_cues_while_they_are_kept(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    run(FakePipeline(["a", "b"]))

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        await rest(watcher.follow(TENANT, job.id))
        words = brief(await rest(watcher.follow(TENANT, job.id, with_cues=True)))
        assert words[0] == "running"
        assert [w for w in words if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]
        assert words[-1] == "succeeded"
        assert words.count("succeeded") == 1

    within(scenario)


def test_after_a_restart_an_ended_job_is_told_from_the_store(
    board: Board, draft: JobDraft, run: Run, crew: Any
) -> None:
    run(FakePipeline(["a"]))
    lane = Lane("test", threads=1)
    after = Watcher(crew.again().board, lane, heartbeat_s=WAIT_S, poll_s=WAIT_S)
    watcher = Watcher(board, lane, heartbeat_s=WAIT_S, poll_s=WAIT_S)

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        last = (await rest(watcher.follow(TENANT, job.id, with_cues=True)))[-1].sequence
        told = await rest(after.follow(TENANT, job.id, after=last, with_cues=True))
        assert brief(told) == ["succeeded"]
        assert told[0].sequence == last

    within(scenario)
    lane.close()


def test_a_watch_goes_on_over_an_attempt_that_was_cut_short(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher, crew: Any
) -> None:
    gate = Gate()
    pipeline = FakePipeline(["a", "b"], gate=gate)
    run(pipeline)

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        events, seen = watcher.follow(TENANT, job.id, with_cues=True), list[Seen]()
        while "es1" not in brief(seen):
            seen.append(await anext(events))
        assert await asyncio.to_thread(gate.reached.wait, WAIT_S)
        pipeline.gate = None
        (live,) = crew.at_work.lives()
        live.stop(Why.DRAINED)
        seen += await rest(events)
        words = brief(seen)
        told = [w for w in words if w[:2] in {"en", "es"}]
        assert told == ["en1", "es1", "en1", "es1", "en2", "es2"]  # anew, from the first
        assert words[-1] == "succeeded"
        assert words.index("interrupted") < len(words) - 1
        numbers = [one.sequence for one in seen]
        assert numbers == sorted(numbers)

    within(scenario)


def test_a_number_of_an_earlier_attempt_brings_a_snapshot_and_every_cue(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher, crew: Any
) -> None:
    gate = Gate()
    pipeline = FakePipeline(["a", "b"], gate=gate)
    run(pipeline)

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        assert await asyncio.to_thread(gate.reached.wait, WAIT_S)
        async with aclosing(watcher.follow(TENANT, job.id, with_cues=True)) as events:
            last = [await anext(events), await anext(events)][-1]
        pipeline.gate, again = Gate(), gate
        (live,) = crew.at_work.lives()
        live.stop(Why.DRAINED)
        assert await asyncio.to_thread(again.left.wait, WAIT_S)
        assert await asyncio.to_thread(pipeline.gate.reached.wait, WAIT_S)
        pipeline.gate.open()
        words = brief(
            await rest(watcher.follow(TENANT, job.id, after=last.sequence, with_cues=True))
        )
        assert words[0] == "running"
        assert [w for w in words if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]

    within(scenario)


def test_a_job_on_another_server_is_followed_through_the_store(
    board: Board,
    draft: JobDraft,
    elsewhere: Any,
    watcher_of: Callable[[Board], Watcher],
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        events = watcher_of(board).follow(TENANT, job.id, with_cues=True)
        seen = [await anext(events)]
        taken = elsewhere.at_work.claim()
        assert taken is not None
        live = taken[1]
        seen.append(await anext(events))
        live.move(StageMoved(Stage.EXTRACT, 1, 3))
        elsewhere.heartbeat.beat()
        seen.append(await anext(events))
        elsewhere.at_work.add_artifact(live, artifact("x"))
        seen.append(await anext(events))
        elsewhere.at_work.end(live, JobState.SUCCEEDED)
        seen += await rest(events)
        assert brief(seen) == ["queued", "running", "x", "succeeded"]
        assert isinstance(seen[2].event, StageMoved)
        numbers = [one.sequence for one in seen]
        assert numbers == sorted(numbers)

    within(scenario)


def test_cues_of_a_job_on_another_server_are_told_too(
    board: Board,
    draft: JobDraft,
    run: Run,
    crew: Any,
    elsewhere: Any,
    watcher_of: Callable[[Board], Watcher],
) -> None:
    gate = Gate()
    run(FakePipeline(["a", "b"], gate=gate))

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        assert await asyncio.to_thread(gate.reached.wait, WAIT_S)
        events = watcher_of(elsewhere.board).follow(TENANT, job.id, with_cues=True)
        seen = [await anext(events)]
        crew.heartbeat.look()
        seen += [await anext(events), await anext(events)]
        assert brief(seen) == ["running", "en1", "es1"]
        gate.open()
        seen += await rest(events)
        assert [w for w in brief(seen) if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]
        assert brief(seen)[-1] == "succeeded"
        numbers = [one.sequence for one in seen]
        assert numbers == sorted(numbers)
        here = watcher_of(board).follow(TENANT, job.id, after=numbers[1], with_cues=True)
        assert [w for w in brief(await rest(here)) if w[:2] in {"en", "es"}] == [
            "es1",
            "en2",
            "es2",
        ]
        late = await rest(watcher_of(elsewhere.board).follow(TENANT, job.id, with_cues=True))
        assert brief(late) == ["succeeded", "en1", "es1", "en2", "es2", "succeeded"]

    within(scenario)


def test_cues_are_told_elsewhere_for_a_while_after_the_end(
    draft: JobDraft, crew: Any, elsewhere: Any, clock: ManualClock
) -> None:
    job = crew.board.create(TENANT, draft)
    _, live = crew.at_work.claim()
    crew.at_work.tell_cues(live, CuesReady("en", 1, (Cue(0, 1, ("x",), (Word("x", 0, 1, 0.5),)),)))
    crew.at_work.end(live, JobState.FAILED)
    (told,) = elsewhere.board.follow(TENANT, job.id, cues_after=0).cues
    assert told[1].cues[0].words[0].probability == 0.5
    clock.advance(3_600_000)
    elsewhere.at_work.sweep()
    assert elsewhere.board.follow(TENANT, job.id, cues_after=0).cues == []


def test_whoever_comes_from_another_server_to_the_one_at_work_gets_every_cue(
    board: Board,
    draft: JobDraft,
    run: Run,
    elsewhere: Any,
    watcher_of: Callable[[Board], Watcher],
) -> None:
    gate = Gate()
    run(FakePipeline(["a", "b"], gate=gate))

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        assert await asyncio.to_thread(gate.reached.wait, WAIT_S)
        async with aclosing(
            watcher_of(elsewhere.board).follow(TENANT, job.id, with_cues=True)
        ) as events:
            last = await anext(events)
        gate.open()
        here = watcher_of(board).follow(TENANT, job.id, after=last.sequence, with_cues=True)
        words = brief(await rest(here))
        assert [w for w in words if w[:2] in {"en", "es"}] == ["en1", "es1", "en2", "es2"]
        assert words[-1] == "succeeded"

    within(scenario)


def test_silence_is_broken_by_heartbeats(board: Board, draft: JobDraft) -> None:
    lane = Lane("test", threads=1)
    watcher = Watcher(board, lane, heartbeat_s=0.001, poll_s=WAIT_S)

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
        board.close()
        seen.append(await anext(events))
        with pytest.raises(Draining):
            await anext(events)
        assert brief(seen) == ["queued", "queued"]

    within(scenario)


def test_a_server_that_stops_ends_the_watch_of_a_job_it_let_go(
    board: Board, draft: JobDraft, run: Run, watcher: Watcher
) -> None:
    gate = Gate()
    runner = run(FakePipeline(gate=gate))

    async def scenario() -> None:
        job = board.create(TENANT, draft)
        assert await asyncio.to_thread(gate.reached.wait, WAIT_S)
        events = watcher.follow(TENANT, job.id)
        seen = [await anext(events)]
        await asyncio.to_thread(runner.stop, within_s=WAIT_S)
        board.close()
        with contextlib.suppress(Draining):
            async for one in events:
                seen.append(one)
        assert brief(seen)[0] == "running"
        assert brief(seen)[-2:] == ["interrupted", "interrupted"]

    within(scenario)


def test_a_watcher_who_fell_too_far_behind_gets_a_new_snapshot(
    board: Board, draft: JobDraft, watcher: Watcher, at_work: AtWork
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        taken = at_work.claim()
        assert taken is not None
        feed = taken[1].feed
        feed._limit = 5
        events = watcher.follow(TENANT, job.id, with_cues=True)
        seen = [await anext(events)]
        for number in range(20):
            feed.append(CuesReady("en", number, ()))
            feed.append(ArtifactReady(artifact("x")))
        at_work.end(taken[1], JobState.FAILED)
        forgotten = feed.forgotten
        seen += await rest(events)
        words = brief(seen)
        assert words[0] == "running"
        assert words[1] == words[-1] == "failed"
        assert [one.sequence for one in seen][1] == forgotten

    counted = Counted()
    within(scenario)
    assert counted("watch_gaps_total") == 1


def test_a_job_that_is_deleted_is_not_there_for_its_watchers_either(
    board: Board, draft: JobDraft, watcher: Watcher
) -> None:
    async def scenario() -> None:
        job = board.create(TENANT, draft)
        events = watcher.follow(TENANT, job.id)
        await anext(events)
        board.delete(TENANT, job.id)
        with pytest.raises(NotFound):
            await anext(events)

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
