import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from polycue import metrics
from polycue.domain.caller import Caller, Urgency
from polycue.domain.errors import (
    Cancelled,
    NoRoomNow,
    NotFound,
    QueueFull,
    RecognitionFailed,
    StorageFull,
)
from polycue.domain.progress import CuesReady, FileReady, Stage, StageMoved
from polycue.domain.request import Task
from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.ledger import Ledger
from polycue.jobs import reporter, retry
from polycue.jobs import runner as runner_module
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.attempt import RunsTasks
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.feed import ArtifactReady, Feed, FeedEvent, JobChanged
from polycue.jobs.folder import DataFolder
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.job import Failure, Job, JobState
from polycue.jobs.runner import Runner
from polycue.jobs.store.protocol import Lease
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue.testing.store import TENANT, MemoryJobs
from support.waiting import until

Run = Callable[[RunsTasks], Runner]
WAIT_S = 60


def await_state(board: Board, job: Job, *states: JobState) -> Job:
    """The job as soon as it is in one of the states."""
    news = threading.Event()
    leave = board.listen(job.id, news.set)
    try:
        while True:
            news.clear()
            now = board.get(TENANT, job.id)
            if now.state in states:
                return now
            assert news.wait(WAIT_S)
    finally:
        leave()


def await_end(board: Board, job: Job) -> Job:
    """The job as it ends; comes back when it has."""
    return await_state(board, job, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


def told(board: Board, job: Job) -> list[FeedEvent]:
    """All of it: the end is told after it is stored."""
    feed = board.follow(TENANT, job.id).feed
    assert feed is not None
    until(lambda: feed.closed)
    return [event for _, event in feed.after(0)]


def kept(artifacts: Artifacts, job: Job) -> dict[str, str]:
    """The job's results by name, as a reader gets them."""
    texts = {}
    for artifact in job.artifacts:
        reader = artifacts.reader(artifact, artifact.id, offset=0, limit_bytes=0)
        texts[artifact.id] = reader.read(10_000).decode()
        reader.close()
    return texts


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures that may pass are tried again without a pause."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_MS", 0)
    monkeypatch.setattr(retry, "_UNTOLD_S", 0)


def test_a_queued_job_runs_and_its_results_can_be_read(
    board: Board, draft: JobDraft, run: Run, folder: DataFolder, artifacts: Artifacts
) -> None:
    run(FakePipeline(["hello"]))
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.failure, job.language) == (JobState.SUCCEEDED, None, "en")
    assert kept(artifacts, job) == {"film.en.srt": "hello", "film.es.srt": "HELLO"}
    assert all(stage.finished for stage in job.stages)
    assert (job.attempts, job.epoch, job.media_ms) == (1, 1, 1000)
    assert not list(folder.work(job.id).parent.iterdir())


def test_each_attempt_is_a_caller_of_its_own_that_can_wait(
    board: Board, draft: JobDraft, run: Run, at_once: None
) -> None:
    def fail_once() -> BaseException:
        pipeline.raises = None
        return StorageFull("the disk")

    pipeline = FakePipeline(raises=fail_once)
    run(pipeline)
    job = await_end(board, board.create(TENANT, draft))
    assert pipeline.callers == [
        Caller(TENANT, f"{job.id}.{epoch}", Urgency.BATCH) for epoch in (1, 2)
    ]


class OnADevice(FakePipeline):
    """Each line is a row of a batch, alone in it for a second."""

    def __init__(self, ledger: Ledger, lines: Sequence[str], **how: Any) -> None:
        super().__init__(lines, **how)
        self._ledger = ledger

    def run(self, task: Task, **given: Any) -> Any:
        save, caller = given["checkpoints"].save, given["caller"]

        def save_and_note(*piece: Any) -> None:
            save(*piece)
            row = Served(caller, waited_s=0.5, age_s=2, tokens=7, audio_ms=1000, again=False)
            self._ledger.note(BatchDone("tiny", "cpu", 0, (row,), 2, took_s=1.0, failed=False))

        given["checkpoints"].save = save_and_note
        return super().run(task, **given)


def test_what_the_engine_did_for_a_job_adds_up_over_its_attempts(
    board: Board, crew: Any, draft: JobDraft, run: Run, at_once: None
) -> None:
    def fail_once() -> BaseException:
        pipeline.raises = None
        pipeline.lines = ("a", "b", "c")
        return StorageFull("the disk")

    pipeline = OnADevice(crew.ledger, ["a", "b"], raises=fail_once)
    run(pipeline)
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.epoch) == (JobState.SUCCEEDED, 2)
    assert pipeline.heard == ["a", "b", "c"]
    usage = job.usage
    assert (usage.rows, usage.batches, usage.tokens, usage.fill) == (3, 3, 21, 0.5)
    assert (usage.device_ms, usage.waited_ms, usage.audio_ms) == (3000, 1500, 3000)


def test_how_the_engine_works_on_a_job_is_told_while_it_does(
    board: Board, crew: Any, draft: JobDraft, run: Run
) -> None:
    gate = Gate()
    run(OnADevice(crew.ledger, ["a", "b"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    assert board.get(TENANT, job.id).usage.rows == 1
    gate.open()
    assert await_end(board, job).usage.rows == 2


def test_the_account_of_a_job_is_stored_while_it_runs(
    board: Board, jobs: MemoryJobs, crew: Any, draft: JobDraft, run: Run, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reporter, "_KEEP_EVERY_S", 0)
    gate = Gate()
    run(OnADevice(crew.ledger, ["a", "b"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    assert jobs.get(TENANT, job.id).usage.rows == 1  # what a crash would leave
    gate.open()
    assert await_end(board, job).usage.rows == 2


def test_what_happens_is_told_in_order(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(["a", "b"]))
    job = await_end(board, board.create(TENANT, draft))
    events = told(board, job)
    states = [event.job.state for event in events if isinstance(event, JobChanged)]
    assert states == ["running", "running", "succeeded"]  # the second tells the language
    assert sum(isinstance(event, CuesReady) for event in events) == 4
    assert sum(isinstance(event, ArtifactReady) for event in events) == 2
    assert isinstance(events[-1], JobChanged)


def test_whoever_comes_in_the_instant_an_attempt_ends_finds_what_it_told(
    board: Board, draft: JobDraft, at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was with those at work no more, and not yet with those that have ended."""
    job = board.create(TENANT, draft)
    taken = at_work.claim()
    assert taken is not None
    keep, found = at_work.recent.keep, list[Feed | None]()

    def come_and_keep(job_id: str, feed: Feed) -> None:
        found.append(board.follow(TENANT, job_id).feed)
        keep(job_id, feed)

    monkeypatch.setattr(at_work.recent, "keep", come_and_keep)
    at_work.end(taken[1], JobState.FAILED)
    assert found == [taken[1].feed]
    assert board.follow(TENANT, job.id).feed is taken[1].feed


def test_progress_shows_while_the_job_runs(board: Board, draft: JobDraft, run: Run) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    now = board.get(TENANT, job.id)
    heard = StageMoved(Stage.TRANSCRIBE, 1000, 3000, checkpointed=True)
    assert (now.state, now.stages[-1]) == ("running", heard)
    gate.open()
    assert await_end(board, job).state is JobState.SUCCEEDED


def test_a_known_error_is_kept_with_its_reason(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(raises=lambda: NotFound("upload", "uploads/x")))
    job = await_end(board, board.create(TENANT, draft))
    assert job.state is JobState.FAILED
    assert job.failure == Failure(9, "NotFound", "there is no upload 'uploads/x'")
    assert job.epoch == 1  # it would be as gone the next time


def test_an_unknown_error_is_kept_without_its_text(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(raises=lambda: RuntimeError("/secret/path and a token")))
    job = await_end(board, board.create(TENANT, draft))
    assert job.failure == Failure(13, "RuntimeError", "internal")


def test_the_worker_works_on_after_a_failure(board: Board, draft: JobDraft, run: Run) -> None:
    errors: Iterator[Callable[[], BaseException]] = iter([lambda: ValueError("boom")])
    pipeline = FakePipeline()
    pipeline.raises = lambda: next(errors)()
    run(pipeline)
    assert await_end(board, board.create(TENANT, draft)).state is JobState.FAILED
    pipeline.raises = None
    assert await_end(board, board.create(TENANT, draft)).state is JobState.SUCCEEDED


# --- trying again -------------------------------------------------------------------------------


@pytest.mark.usefixtures("at_once")
def test_an_engine_that_fails_once_costs_no_chunk_twice(
    board: Board, draft: JobDraft, run: Run, artifacts: Artifacts
) -> None:
    errors: Iterator[Exception] = iter([RecognitionFailed(0, "it died")])
    pipeline = FakePipeline(["a", "b"])
    original = pipeline.run

    def fail_first(task: Task, **given: Any) -> Any:
        result = original(task, **given)
        for error in errors:
            raise error
        return result

    pipeline.run = fail_first  # type: ignore[method-assign]
    run(pipeline)
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.failure, job.epoch) == (JobState.SUCCEEDED, None, 2)
    assert pipeline.heard == ["a", "b"]  # each once, over both attempts
    assert kept(artifacts, job) == {"film.en.srt": "a\nb", "film.es.srt": "A\nB"}
    assert {artifact.key.split("/")[2] for artifact in job.artifacts} == {"2"}


@pytest.mark.usefixtures("at_once")
def test_failures_are_counted_anew_where_a_job_got_further(
    board: Board, draft: JobDraft, run: Run
) -> None:
    class DiesAfterEachChunk(FakePipeline):
        def run(self, task: Task, **given: Any) -> Any:
            save = given["checkpoints"].save

            def save_and_die(*piece: Any) -> None:
                save(*piece)
                raise RecognitionFailed(0, "it died")

            given["checkpoints"].save = save_and_die
            return super().run(task, **given)

    lines = ["a", "b", "c", "d", "e"]  # more than there are tries
    pipeline = DiesAfterEachChunk(lines)
    run(pipeline)
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.epoch) == (JobState.SUCCEEDED, len(lines) + 1)
    assert pipeline.heard == lines


@pytest.mark.usefixtures("at_once")
def test_an_engine_that_fails_each_time_is_a_failure_at_last(
    board: Board, draft: JobDraft, run: Run
) -> None:
    class NeverGetsFurther(FakePipeline):
        def run(self, task: Task, **given: Any) -> Any:
            raise RecognitionFailed(0, "it died")

    run(NeverGetsFurther())
    job = await_end(board, board.create(TENANT, draft))
    assert job.state is JobState.FAILED
    assert (job.epoch, job.failure and job.failure.reason) == (3, "RecognitionFailed")


@pytest.mark.usefixtures("at_once")
def test_a_job_that_there_is_no_room_for_waits_longer_than_it_may_be_tried(
    board: Board, draft: JobDraft, run: Run
) -> None:
    refusals = iter(range(5))  # more than there are attempts

    class Full(FakePipeline):
        def run(self, task: Task, **given: Any) -> Any:
            for _ in refusals:
                raise NoRoomNow("large-v3", 2**32, (), retry_after_s=0)
            return super().run(task, **given)

    run(Full(["a"]))
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.epoch, job.attempts) == (JobState.SUCCEEDED, 6, 1)


def test_a_job_that_waits_for_another_try_says_why(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(raises=lambda: StorageFull("the disk")))
    job = await_state(board, board.create(TENANT, draft), JobState.INTERRUPTED)
    assert job.failure is not None
    assert job.failure.reason == "StorageFull"
    assert board.cancel(TENANT, job.id).state is JobState.CANCELLED


# --- stopping -----------------------------------------------------------------------------------


def test_a_cancel_stops_a_running_job(
    board: Board, draft: JobDraft, run: Run, folder: DataFolder
) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    assert board.cancel(TENANT, job.id).state is JobState.CANCELLING
    assert await_end(board, job).state is JobState.CANCELLED
    assert gate.left.is_set()
    assert not list(folder.work(job.id).parent.iterdir())


@pytest.mark.parametrize("stop", ["cancel", "delete"])
def test_a_job_can_be_stopped_in_the_instant_it_is_claimed(
    board: Board,
    jobs: MemoryJobs,
    draft: JobDraft,
    at_work: AtWork,
    monkeypatch: pytest.MonkeyPatch,
    stop: str,
) -> None:
    job = board.create(TENANT, draft)
    stopping = threading.Thread(target=getattr(board, stop), args=(TENANT, job.id))
    claim, stored = jobs.claim, threading.Event()
    name = "ask_cancel" if stop == "cancel" else "delete"
    store = getattr(jobs, name)

    def store_and_tell(*args: Any, **given: Any) -> Job:
        done: Job = store(*args, **given)
        stored.set()
        return done

    def claim_and_be_stopped(owner: str, **given: int) -> tuple[Job, Lease] | None:
        claimed = claim(owner, **given)
        stopping.start()
        assert stored.wait(WAIT_S)
        return claimed

    monkeypatch.setattr(jobs, name, store_and_tell)
    monkeypatch.setattr(jobs, "claim", claim_and_be_stopped)
    taken = at_work.claim()
    assert taken is not None
    stopping.join(WAIT_S)
    assert taken[1].cancel.cancelled


def test_a_cancel_stops_a_queued_job_at_once_and_an_ended_one_not_at_all(
    board: Board, draft: JobDraft
) -> None:
    job = board.cancel(TENANT, board.create(TENANT, draft).id)
    assert job.state is JobState.CANCELLED
    assert board.cancel(TENANT, job.id) == job


def test_work_that_ends_before_it_notices_the_cancel_has_succeeded(
    board: Board, draft: JobDraft, run: Run
) -> None:
    class Deaf(FakePipeline):
        def run(self, task: Task, **kwargs):  # type: ignore[no-untyped-def]
            board.cancel(TENANT, job.id)
            kwargs["cancel"] = type(kwargs["cancel"])()
            return super().run(task, **kwargs)

    job = board.create(TENANT, draft)
    run(Deaf())
    # Its results were not yet published when the cancel came, and publishing looks at the flag.
    assert await_end(board, job).state is JobState.CANCELLED


def test_work_stopped_by_nobody_is_let_go(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(raises=Cancelled))
    job = await_state(board, board.create(TENANT, draft), JobState.INTERRUPTED)
    assert not job.ended


def test_a_server_that_stops_lets_go_of_what_runs_and_leaves_what_waits(
    board: Board, draft: JobDraft, run: Run
) -> None:
    gate = Gate()
    runner = run(FakePipeline(gate=gate))
    running, waiting = board.create(TENANT, draft), board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    runner.stop(within_s=WAIT_S)
    job = board.get(TENANT, running.id)
    assert (job.state, job.failure) == (JobState.INTERRUPTED, None)
    assert board.get(TENANT, waiting.id).state is JobState.QUEUED


@pytest.mark.parametrize("asked", ["cancel", "stop"])
def test_work_that_breaks_when_it_is_stopped_was_stopped(
    board: Board, draft: JobDraft, run: Run, asked: str
) -> None:
    gate = Gate()

    class Breaks(FakePipeline):
        def run(self, task: Task, **given: Any) -> Any:
            try:
                return super().run(task, **given)
            except Cancelled:
                raise NotFound("upload", "its program was killed") from None

    runner = run(Breaks(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    if asked == "cancel":
        board.cancel(TENANT, job.id)
        assert await_end(board, job).state is JobState.CANCELLED
    else:
        runner.stop(within_s=WAIT_S)
        assert board.get(TENANT, job.id).state is JobState.INTERRUPTED


def test_a_job_that_is_claimed_just_as_the_server_stops_is_let_go(
    board: Board, draft: JobDraft, at_work: AtWork
) -> None:
    board.create(TENANT, draft)
    at_work.stop_claims()
    at_work.interrupt()
    taken = at_work.claim()  # which a worker was about to do
    assert taken is not None
    assert taken[1].cancel.cancelled


def test_the_next_server_goes_on_behind_the_last_chunk(
    board: Board, draft: JobDraft, run: Run, crew: Any, folder: DataFolder, artifacts: Artifacts
) -> None:
    gate, second = Gate(), FakePipeline(["a", "b", "c"])
    first = run(FakePipeline(["a", "b", "c"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    first.stop(within_s=WAIT_S)

    after = crew.again()
    runner = after.runner(second, folder, artifacts)
    runner.start()
    done = await_end(after.board, job)
    runner.stop(within_s=WAIT_S)
    assert second.heard == ["b", "c"]
    assert (done.state, done.epoch) == (JobState.SUCCEEDED, 2)
    assert kept(artifacts, done)["film.en.srt"] == "a\nb\nc"


def test_work_that_does_not_let_go_in_time_comes_to_nothing(
    board: Board, draft: JobDraft, run: Run, artifacts: Artifacts, jobs: MemoryJobs
) -> None:
    reached, go_on, left = threading.Event(), threading.Event(), threading.Event()

    class Stuck(FakePipeline):
        def run(self, task: Task, **kwargs):  # type: ignore[no-untyped-def]
            reached.set()
            assert go_on.wait(WAIT_S)
            kwargs["cancel"] = type(kwargs["cancel"])()
            try:
                return super().run(task, **kwargs)
            finally:
                left.set()

    runner = run(Stuck())
    job = board.create(TENANT, draft)
    assert reached.wait(WAIT_S)
    runner.stop(within_s=0)
    now = board.get(TENANT, job.id)
    assert now.state is JobState.INTERRUPTED
    go_on.set()
    assert left.wait(WAIT_S)
    assert board.get(TENANT, job.id) == now
    assert not jobs.chunks(job.id, "transcribe")


# --- leases -------------------------------------------------------------------------------------


def test_a_worker_held_up_past_its_lease_writes_nothing(
    board: Board, draft: JobDraft, run: Run, at_work: AtWork, crew: Any, artifacts: Artifacts
) -> None:
    gate = Gate()
    run(FakePipeline(["a", "b"], gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)

    other = crew.again("there")
    crew.jobs.release_all_of("here")  # as if its lease had run out
    taken, live = other.at_work.claim()
    assert (taken.id, taken.epoch) == (job.id, 2)
    gate.open()  # the first worker comes back to life, and finds at its next chunk that it is dead
    assert gate.left.wait(WAIT_S)
    other.at_work.end(live, JobState.SUCCEEDED)
    done = await_end(board, job)
    assert (done.state, done.artifacts) == (JobState.SUCCEEDED, ())


def test_a_result_of_a_worker_that_lost_its_job_is_never_seen(
    board: Board, draft: JobDraft, run: Run, crew: Any, folder: DataFolder
) -> None:
    class LosesItsLease(FakePipeline):
        def run(self, task: Task, **given: Any) -> Any:
            report = given["report"]

            def lose_first(event: Any) -> None:
                if isinstance(event, FileReady) and len(self.tasks) == 1:
                    crew.jobs.release_all_of("here")
                report(event)

            return super().run(task, **given | {"report": lose_first})

    run(LosesItsLease(["a"]))
    job = board.create(TENANT, draft)
    done = await_state(board, job, JobState.SUCCEEDED)
    assert done.epoch == 2
    files = [path for path in (folder.root / "jobs" / job.id).rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == {"2"}


def test_a_beat_tells_of_a_cancel_that_another_server_was_asked_for(
    board: Board, draft: JobDraft, run: Run, crew: Any
) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    assert crew.again("there").board.cancel(TENANT, job.id).state is JobState.CANCELLING
    crew.heartbeat.look()
    assert await_end(board, job).state is JobState.CANCELLED


def test_a_beat_tells_of_a_deletion_that_another_server_was_asked_for(
    board: Board, draft: JobDraft, run: Run, crew: Any, folder: DataFolder
) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    crew.again("there").board.delete(TENANT, job.id)
    crew.heartbeat.look()
    assert gate.left.wait(WAIT_S)
    assert crew.at_work.lives() == []


def test_a_beat_stores_progress_for_others_to_see(
    board: Board, draft: JobDraft, run: Run, crew: Any
) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    elsewhere = crew.again("there").board
    assert elsewhere.get(TENANT, job.id).stages == ()
    crew.heartbeat.beat()
    seen = elsewhere.get(TENANT, job.id)
    assert seen.stages == board.get(TENANT, job.id).stages
    assert seen.media_ms > 0
    gate.open()


def test_leases_are_kept_and_jobs_counted_by_a_thread_of_their_own(
    draft: JobDraft, crew: Any, jobs: MemoryJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = crew.board.create(TENANT, draft)
    beat, beaten = jobs.beat, threading.Event()

    def beat_and_tell(lease: Lease) -> bool:
        beaten.set()
        return beat(lease)

    counts, counted = jobs.counts, threading.Event()

    def count_and_tell() -> Mapping[JobState, int]:
        counted.set()
        return counts()

    monkeypatch.setattr(jobs, "beat", beat_and_tell)
    monkeypatch.setattr(jobs, "counts", count_and_tell)
    heartbeat = Heartbeat(crew.at_work, jobs, lease_s=0.03, poll_s=WAIT_S)
    assert crew.at_work.claim()[0].id == waiting.id
    heartbeat.start()
    assert beaten.wait(WAIT_S)
    assert counted.wait(WAIT_S)
    heartbeat.stop()
    assert metrics.REGISTRY.get_sample_value("polycue_jobs", {"state": "running"}) == 1


def test_a_store_that_fails_does_not_stop_the_heart(
    draft: JobDraft, crew: Any, jobs: MemoryJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.board.create(TENANT, draft)
    assert crew.at_work.claim()
    again = threading.Event()
    problems = iter([StorageFull("the job store"), RuntimeError("a bug")])

    def fail_twice(lease: Lease) -> bool:
        for problem in problems:
            raise problem
        again.set()
        return False

    monkeypatch.setattr(jobs, "beat", fail_twice)
    heartbeat = Heartbeat(crew.at_work, jobs, lease_s=0.03, poll_s=WAIT_S)
    heartbeat.start()
    assert again.wait(WAIT_S)
    heartbeat.stop()


def test_what_stood_still_renews_its_leases_before_it_takes_more(
    board: Board, draft: JobDraft, run: Run, crew: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = []
    monkeypatch.setattr(crew.heartbeat, "beat", lambda: beats.append(1))
    crew.heartbeat.catch_up()
    assert not beats
    monkeypatch.setattr(crew.heartbeat, "_beaten_s", -1e9)
    crew.heartbeat.catch_up()
    assert beats


def test_a_job_whose_workers_die_fails_as_poison_and_can_be_resumed(
    board: Board, draft: JobDraft, crew: Any, run: Run
) -> None:
    job = board.create(TENANT, draft)
    for _ in range(3):
        assert crew.at_work.claim()
        crew.jobs.release_all_of("here")  # as a server does at its start, after a crash
    assert crew.at_work.claim() is None
    crew.at_work.sweep()
    now = board.get(TENANT, job.id)
    assert now.state is JobState.FAILED
    assert now.failure is not None
    assert now.failure.reason == "PoisonJob"

    again = board.resume(TENANT, job.id, request_id="r")
    assert (again.state, again.failure) == (JobState.QUEUED, None)
    run(FakePipeline(["a"]))
    assert await_end(board, job).state is JobState.SUCCEEDED


# --- a store or a disk that fails ---------------------------------------------------------------


def test_after_a_crash_waiting_jobs_run_and_running_ones_go_on(
    board: Board, draft: JobDraft, crew: Any, folder: DataFolder, artifacts: Artifacts
) -> None:
    running, cancelling, waiting = (board.create(TENANT, draft) for _ in range(3))
    assert crew.at_work.claim()
    assert crew.at_work.claim()
    board.cancel(TENANT, cancelling.id)

    after = crew.again()
    assert after.board.get(TENANT, running.id).state is JobState.INTERRUPTED
    assert after.board.get(TENANT, cancelling.id).state is JobState.CANCELLED
    runner = after.runner(FakePipeline(["a"]), folder, artifacts)
    runner.start()
    for job in (running, waiting):
        assert await_end(after.board, job).state is JobState.SUCCEEDED
    runner.stop(within_s=WAIT_S)


def test_the_end_of_a_job_waits_for_a_full_disk(
    board: Board, jobs: MemoryJobs, draft: JobDraft, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_STORE_RETRY_S", 0.01)
    end, refused, full = jobs.end, threading.Event(), threading.Event()
    full.set()

    def end_unless_full(lease: Lease, change: Callable[[Job], Job]) -> Job:
        if full.is_set():
            refused.set()
            raise StorageFull("the job store")
        return end(lease, change)

    monkeypatch.setattr(jobs, "end", end_unless_full)
    run(FakePipeline())
    job = board.create(TENANT, draft)
    assert refused.wait(WAIT_S)
    assert board.get(TENANT, job.id).state is JobState.RUNNING
    full.clear()
    assert await_end(board, job).state is JobState.SUCCEEDED


def test_a_worker_outlives_a_store_that_fails(
    board: Board, jobs: MemoryJobs, draft: JobDraft, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_STORE_RETRY_S", 0.01)
    claim, failures = jobs.claim, iter(["full", "full"])

    def claim_unless_full(owner: str, **given: int) -> tuple[Job, Lease] | None:
        for problem in failures:
            raise StorageFull(problem)
        return claim(owner, **given)

    monkeypatch.setattr(jobs, "claim", claim_unless_full)
    job = board.create(TENANT, draft)
    run(FakePipeline())
    assert await_end(board, job).state is JobState.SUCCEEDED


def test_a_store_that_fails_for_a_moment_costs_no_work(
    board: Board, jobs: MemoryJobs, draft: JobDraft, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, refused = jobs.change, threading.Event()

    def change_unless_full(lease: Lease, by: Callable[[Job], Job]) -> Job:
        if not refused.is_set():
            refused.set()
            raise StorageFull("the job store")
        return change(lease, by)

    monkeypatch.setattr(jobs, "change", change_unless_full)
    run(FakePipeline())
    job = await_end(board, board.create(TENANT, draft))
    assert refused.is_set()
    assert (job.state, job.language, job.epoch) == (JobState.SUCCEEDED, "en", 1)


def test_a_disk_that_fills_up_during_the_work_is_told_as_such(
    board: Board, draft: JobDraft, run: Run
) -> None:
    run(FakePipeline(raises=lambda: OSError(28, "No space left on device")))
    job = await_state(board, board.create(TENANT, draft), JobState.INTERRUPTED)
    assert job.failure is not None
    assert job.failure.reason == "StorageFull"


# --- deleting, resuming, repeating --------------------------------------------------------------


@pytest.mark.parametrize("when", ["queued", "running", "ended"])
def test_a_job_is_deleted_with_all_it_has_whenever_that_is_asked(
    board: Board, draft: JobDraft, run: Run, folder: DataFolder, when: str
) -> None:
    gate = Gate()
    job = board.create(TENANT, draft)
    if when != "queued":
        run(FakePipeline(gate=gate))
        assert gate.reached.wait(WAIT_S)
    if when == "ended":
        gate.open()
        await_end(board, job)
        assert (folder.root / "jobs" / job.id).exists()
    board.delete(TENANT, job.id)
    assert not (folder.root / "jobs" / job.id).exists()
    for look in (board.get, board.delete, board.cancel, board.follow, board.resume):
        with pytest.raises(NotFound):
            look(TENANT, job.id)
    if when == "running":
        assert gate.left.wait(WAIT_S)


def test_what_belongs_to_another_tenant_is_not_there(board: Board, draft: JobDraft) -> None:
    job = board.create(TENANT, draft)
    for look in (board.get, board.delete, board.cancel, board.follow, board.resume):
        with pytest.raises(NotFound):
            look("somebody else", job.id)
    assert board.get(TENANT, job.id).state is JobState.QUEUED


def test_too_many_waiting_jobs_are_refused_and_leave_nothing(
    board: Board, draft: JobDraft, jobs: MemoryJobs
) -> None:
    for _ in range(3):
        board.create(TENANT, draft)
    with pytest.raises(QueueFull):
        board.create(TENANT, draft)
    assert len(jobs.ids()) == 3


def test_the_same_request_twice_runs_once(board: Board, draft: JobDraft, run: Run) -> None:
    pipeline = FakePipeline()
    run(pipeline)
    first = await_end(board, board.create(TENANT, replace(draft, request_id="r")))
    again = board.create(TENANT, replace(draft, request_id="r"))
    assert (again.id, again.state) == (first.id, JobState.SUCCEEDED)
    assert len(pipeline.tasks) == 1


def test_a_cancelled_job_goes_on_from_what_it_had(board: Board, draft: JobDraft, run: Run) -> None:
    gate = Gate()
    pipeline = FakePipeline(["a", "b"], gate=gate)
    run(pipeline)
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    board.cancel(TENANT, job.id)
    await_end(board, job)
    pipeline.gate = None
    board.resume(TENANT, job.id, request_id="once")
    done = await_state(board, job, JobState.SUCCEEDED)
    assert pipeline.heard == ["a", "b"]
    assert board.resume(TENANT, job.id, request_id="once") == done  # a late repeat of the call


def test_only_work_that_succeeded_answers_for_the_same_content(
    board: Board, draft: JobDraft, run: Run
) -> None:
    pipeline = FakePipeline(raises=lambda: NotFound("upload", "x"))
    run(pipeline)
    keyed = replace(draft, content_key="k")
    await_end(board, board.create(TENANT, keyed))
    assert board.same_content(TENANT, "k") is None
    pipeline.raises = None
    done = await_end(board, board.create(TENANT, keyed))
    assert board.same_content(TENANT, "k") == done
    assert board.same_content("somebody else", "k") is None
    assert board.same_content(TENANT, "") is None
