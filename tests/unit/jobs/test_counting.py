"""What jobs, their watchers and their stores leave in the metrics."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polycue import metrics
from polycue.domain.cue import Cue
from polycue.domain.errors import NotFound, StorageFull, StoreUnavailable
from polycue.domain.progress import CuesReady, Stage, StageMoved
from polycue.jobs.board import JobDraft
from polycue.jobs.feed import Feed
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.timed import TimedFiles
from polycue.jobs.folder import DataFolder
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.job import Failure, JobState
from polycue.jobs.timed import timed
from polycue.testing.clock import ManualClock
from polycue.testing.store import TENANT, MemoryJobs
from support.counted import Counted, now


def test_a_job_counts_from_its_wait_to_its_end(
    crew: Any, draft: JobDraft, clock: ManualClock
) -> None:
    counted = Counted()
    crew.board.create(TENANT, draft)
    clock.advance(7000)
    _, live = crew.at_work.claim()
    assert now("jobs_at_work") == 1
    clock.advance(20_000)
    crew.at_work.end(live, JobState.SUCCEEDED)
    assert counted("job_wait_seconds_sum") == 7
    assert counted("job_seconds_sum", state="succeeded") == 27
    assert counted("jobs_ended_total", state="succeeded", reason="") == 1
    assert now("jobs_at_work") == 0


def test_a_job_that_is_let_go_counts_with_why_it_waits(crew: Any, draft: JobDraft) -> None:
    counted = Counted()
    crew.board.create(TENANT, draft)
    _, live = crew.at_work.claim()
    crew.at_work.release(live, failure=Failure(14, "ENGINE_FAILED", "it fell over"))
    _, live = crew.at_work.claim()
    crew.at_work.release(live)
    assert counted("jobs_let_go_total", reason="ENGINE_FAILED") == 1
    assert counted("jobs_let_go_total", reason="") == 1
    assert counted("job_seconds_count", state="failed") == 0


def test_the_backlog_is_told_with_every_beat(
    crew: Any, draft: JobDraft, jobs: MemoryJobs, clock: ManualClock, rung: Callable[[Any], None]
) -> None:
    crew.board.create(TENANT, draft)
    crew.board.create(TENANT, draft)
    _, live = crew.at_work.claim()
    live.move(StageMoved(Stage.EXTRACT, 60_000, 90_000))
    crew.at_work.keep_progress(live)
    clock.advance(5000)
    rung(Heartbeat(crew.at_work, jobs, lease_s=0.03, poll_s=1))
    assert now("job_audio_seconds", state="queued") == 600
    assert now("job_audio_seconds", state="running") == 30
    assert now("job_oldest_wait_seconds") == 5


@pytest.fixture
def rung(jobs: MemoryJobs, monkeypatch: pytest.MonkeyPatch) -> Callable[[Heartbeat], None]:
    """Let a heart beat until it has counted."""

    def until_counted(heartbeat: Heartbeat) -> None:
        backlog, told = jobs.backlog, threading.Semaphore(0)

        def tell() -> Any:
            found = backlog()
            told.release()
            return found

        monkeypatch.setattr(jobs, "backlog", tell)
        heartbeat.start()
        assert told.acquire(timeout=60)
        assert told.acquire(timeout=60)  # by then what the first one found is in the metrics
        heartbeat.stop()

    return until_counted


def test_what_becomes_of_events_counts() -> None:
    counted, feed = Counted(), Feed(limit=4)
    for ms in range(10):
        feed.append(StageMoved(Stage.TRANSCRIBE, ms, 100))
    cue = Cue(0, 1, ("x",))
    feed.append(CuesReady("en", 1, (cue, cue, cue)))
    feed.append(CuesReady("en", 4, (cue, cue, cue)))
    assert counted("feed_events_total", fate="kept") == 12
    assert counted("feed_events_total", fate="merged") == 9
    assert counted("feed_events_total", fate="forgotten") == 2


def test_each_operation_of_a_store_is_timed_under_its_name(jobs: MemoryJobs) -> None:
    counted = Counted()
    jobs.ids()
    with pytest.raises(NotFound):
        jobs.get(TENANT, "nobody's")
    assert counted("store_seconds_count", store="sqlite", operation="jobs.ids") == 1
    assert counted("store_seconds_count", store="sqlite", operation="jobs.get") == 1


def test_only_what_the_store_is_to_blame_for_is_its_failure() -> None:
    counted = Counted()
    problems = (StorageFull("the job store"), StoreUnavailable("it is busy"), NotFound("job", "x"))
    for problem in problems:
        with pytest.raises(type(problem)), timed("sqlite", "jobs.get"):
            raise problem
    assert counted("store_failures_total", store="sqlite", reason="full") == 1
    assert counted("store_failures_total", store="sqlite", reason="unavailable") == 1
    assert counted("store_failures_total", store="sqlite", reason="unusable") == 0
    assert counted("store_seconds_count", store="sqlite", operation="jobs.get") == 3


def test_what_has_not_failed_yet_is_told_as_0(tmp_path: Path) -> None:
    TimedFiles(LocalFiles(tmp_path), "folder")
    for reason in ("full", "unavailable", "unusable"):
        labels = {"store": "folder", "reason": reason}
        told = metrics.REGISTRY.get_sample_value("polycue_store_failures_total", labels)
        assert told is not None  # or Prometheus would take the first failure for an old one


def test_room_is_told_while_there_is_a_disk(folder: DataFolder, tmp_path: Path) -> None:
    room = folder.room()
    assert 0 < room.free_bytes <= room.size_bytes
    folder.root.rename(tmp_path / "elsewhere")
    gone = folder.room()
    assert gone.free_bytes != gone.free_bytes  # no number: a disk that is gone is not full
