import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from polycue.domain.errors import JobNotEnded, NotFound, QueueFull, StorageFull
from polycue.domain.progress import CuesReady, StageMoved
from polycue.domain.request import Task
from polycue.jobs import runner as runner_module
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.feed import ArtifactReady, FeedEvent, JobChanged
from polycue.jobs.folder import DataFolder
from polycue.jobs.job import Failure, Job, JobState
from polycue.jobs.runner import Runner, RunsTasks
from polycue.jobs.store.protocol import Lease
from polycue.testing.clock import ManualClock
from polycue.testing.pipeline import FakePipeline, Gate
from polycue.testing.store import TENANT, MemoryJobs

Run = Callable[[RunsTasks], Runner]
WAIT_S = 20


def await_end(board: Board, job: Job) -> Job:
    """The job as it ends; comes back when it has."""
    over = threading.Event()
    _, _, feed = board.follow(TENANT, job.id)
    if feed is None:
        return board.get(TENANT, job.id)

    def look() -> None:
        if feed.ended:
            over.set()

    leave = feed.listen(look)
    look()
    assert over.wait(WAIT_S)
    leave()
    return board.get(TENANT, job.id)


def told(board: Board, job: Job) -> list[FeedEvent]:
    _, _, feed = board.follow(TENANT, job.id)
    assert feed is not None
    return [event for _, event in feed.after(0)]


def test_a_queued_job_runs_and_its_results_lie_in_its_folder(
    board: Board, draft: JobDraft, run: Run, folder: DataFolder, clock: ManualClock
) -> None:
    run(FakePipeline(["hello"]))
    job = await_end(board, board.create(TENANT, draft))
    assert (job.state, job.failure, job.language) == (JobState.SUCCEEDED, None, "en")
    assert [artifact.id for artifact in job.artifacts] == ["film.en.srt", "film.es.srt"]
    results = folder.root / "jobs" / job.id / "1"
    assert {path.name: path.read_text() for path in results.iterdir()} == {
        "film.en.srt": "hello",
        "film.es.srt": "HELLO",
    }
    assert all(stage.finished for stage in job.stages)
    assert not folder.work(job.id).exists()


def test_what_happens_is_told_in_order(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(["a", "b"]))
    job = await_end(board, board.create(TENANT, draft))
    events = told(board, job)
    states = [event.job.state for event in events if isinstance(event, JobChanged)]
    assert states == ["queued", "running", "running", "succeeded"]  # the third tells the language
    assert sum(isinstance(event, CuesReady) for event in events) == 4
    assert sum(isinstance(event, ArtifactReady) for event in events) == 2
    assert isinstance(events[-1], JobChanged)


def test_progress_shows_while_the_job_runs(board: Board, draft: JobDraft, run: Run) -> None:
    gate = Gate()
    run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    now = board.get(TENANT, job.id)
    assert (now.state, now.stages[-1]) == ("running", StageMoved(now.stages[-1].stage, 1000, 3000))
    gate.open()
    assert await_end(board, job).state is JobState.SUCCEEDED


def test_a_known_error_is_kept_with_its_reason(board: Board, draft: JobDraft, run: Run) -> None:
    run(FakePipeline(raises=lambda: NotFound("upload", "uploads/x")))
    job = await_end(board, board.create(TENANT, draft))
    assert job.state is JobState.FAILED
    assert job.failure == Failure(9, "NotFound", "there is no upload 'uploads/x'")


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
    assert not folder.work(job.id).exists()


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


def test_a_server_that_stops_interrupts_what_runs_and_leaves_what_waits(
    board: Board, draft: JobDraft, run: Run
) -> None:
    gate = Gate()
    runner = run(FakePipeline(gate=gate))
    running, waiting = board.create(TENANT, draft), board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    runner.stop(within_s=0)
    assert board.get(TENANT, running.id).state is JobState.INTERRUPTED
    assert board.get(TENANT, waiting.id).state is JobState.QUEUED


def test_a_server_that_stops_lets_a_short_job_end(board: Board, draft: JobDraft, run: Run) -> None:
    gate = Gate()
    runner = run(FakePipeline(gate=gate))
    job = board.create(TENANT, draft)
    assert gate.reached.wait(WAIT_S)
    stopping = threading.Thread(target=runner.stop, kwargs={"within_s": WAIT_S})
    stopping.start()
    gate.open()
    stopping.join(WAIT_S)
    assert board.get(TENANT, job.id).state is JobState.SUCCEEDED


def test_after_a_crash_all_jobs_go_on_but_those_told_to_stop(
    jobs: MemoryJobs, board: Board, draft: JobDraft, artifacts: Artifacts, clock: ManualClock
) -> None:
    running, cancelling, waiting = (board.create(TENANT, draft) for _ in range(3))
    for _ in range(2):
        assert jobs.claim("a server", lease_ms=1000, max_attempts=5)
    board.cancel(TENANT, cancelling.id)

    after = Board(jobs, artifacts, clock=clock, max_queued=9, max_ttl_ms=1)
    after.recover()
    assert after.get(TENANT, running.id).state is JobState.INTERRUPTED
    assert after.get(TENANT, cancelling.id).state is JobState.CANCELLED
    claimed = [after.claim() for _ in range(2)]
    assert [job and job[0].id for job in claimed] == [running.id, waiting.id]


def test_the_end_of_a_job_waits_for_a_full_disk(
    board: Board, jobs: MemoryJobs, draft: JobDraft, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "_STORE_RETRY_S", 0.01)
    end, refused = jobs.end, threading.Event()
    full = threading.Event()
    full.set()

    def end_unless_full(lease: Lease, by: Callable[[Job], Job]) -> Job:
        if full.is_set():
            refused.set()
            raise StorageFull("the job store")
        return end(lease, by)

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

    def claim_unless_full(
        owner: str, *, lease_ms: int, max_attempts: int
    ) -> tuple[Job, Lease] | None:
        for problem in failures:
            raise StorageFull(problem)
        return claim(owner, lease_ms=lease_ms, max_attempts=max_attempts)

    monkeypatch.setattr(jobs, "claim", claim_unless_full)
    job = board.create(TENANT, draft)
    run(FakePipeline())
    assert await_end(board, job).state is JobState.SUCCEEDED


def test_a_store_that_fails_for_a_moment_costs_no_work(
    board: Board, jobs: MemoryJobs, draft: JobDraft, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, refused = jobs.change, threading.Event()

    def change_unless_full(lease: Lease, by: Callable[[Job], Job]) -> Job:
        if by(jobs.get(TENANT, lease.job_id)).language and not refused.is_set():
            refused.set()
            raise StorageFull("the job store")
        return change(lease, by)

    monkeypatch.setattr(jobs, "change", change_unless_full)
    run(FakePipeline())
    job = await_end(board, board.create(TENANT, draft))
    assert refused.is_set()
    assert (job.state, job.language) == (JobState.SUCCEEDED, "en")


def test_a_disk_that_fills_up_during_the_work_is_told_as_such(
    board: Board, draft: JobDraft, run: Run
) -> None:
    run(FakePipeline(raises=lambda: OSError(28, "No space left on device")))
    failure = await_end(board, board.create(TENANT, draft)).failure
    assert failure is not None
    assert failure.reason == "StorageFull"


def test_only_ended_jobs_are_deleted_with_all_they_have(
    board: Board, draft: JobDraft, run: Run, folder: DataFolder
) -> None:
    job = board.create(TENANT, draft)
    with pytest.raises(JobNotEnded):
        board.delete(TENANT, job.id)
    run(FakePipeline())
    await_end(board, job)
    board.delete(TENANT, job.id)
    assert not (folder.root / "jobs" / job.id).exists()
    for look in (board.get, board.delete, board.cancel, board.follow):
        with pytest.raises(NotFound):
            look(TENANT, job.id)


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
