"""Worker threads that take jobs through the pipeline."""

import math
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, LeaseLost, NotFound, PolycueError, StoreError
from polycue.domain.progress import Report
from polycue.domain.request import Task
from polycue.jobs import retry
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.checkpoints import StoredCheckpoints
from polycue.jobs.folder import DataFolder, disk_errors
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.job import Failure, Job, JobState
from polycue.jobs.live import LiveJob, Why
from polycue.jobs.reporter import Reporter
from polycue.jobs.store.protocol import JobStore
from polycue.pipeline.ports import Checkpoints
from polycue.pipeline.result import TaskResult

_STORE_RETRY_S = 5.0

log = telemetry.logger(__name__)


class RunsTasks(Protocol):
    """The pipeline, or a fake of it."""

    def run(
        self,
        task: Task,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        checkpoints: Checkpoints,
    ) -> TaskResult: ...


class Runner:
    """Works on up to ``workers`` jobs at once, and looks for more at least each ``poll_s``.

    ``task_of`` reads a job's spec and brings its inputs into the folder it is given, where they
    stay for the length of its block; ``failure_of`` turns what was raised into what callers are
    told.
    """

    def __init__(
        self,
        at_work: AtWork,
        heartbeat: Heartbeat,
        store: JobStore,
        pipeline: RunsTasks,
        folder: DataFolder,
        artifacts: Artifacts,
        *,
        task_of: Callable[[Job, Path, CancelToken], AbstractContextManager[Task]],
        failure_of: Callable[[Exception], Failure],
        workers: int,
        poll_s: float,
    ) -> None:
        self._at_work, self._heartbeat, self._store = at_work, heartbeat, store
        self._pipeline, self._folder, self._artifacts = pipeline, folder, artifacts
        self._task_of, self._failure_of, self._poll_s = task_of, failure_of, poll_s
        self._stopped = threading.Event()
        self._left = threading.Condition()
        self._working, self._until_s = 0, math.inf
        self._threads = [
            threading.Thread(target=self._work, name=f"polycue-job-{number}", daemon=True)
            for number in range(workers)
        ]

    def __repr__(self) -> str:
        return f"Runner({len(self._threads)} workers, {self._at_work!r})"

    def start(self) -> None:
        self._heartbeat.start()
        self._working = len(self._threads)
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_s: float) -> None:
        """Begin nothing new and let go of what runs: what was finished of it is kept. Blocks.

        Work that has not stopped after ``within_s`` is left to itself; nothing comes of it.
        """
        self._at_work.stop_claims()
        self._at_work.interrupt()
        self.hurry(within_s=within_s)
        with self._left:
            while self._working and (left_s := self._until_s - time.monotonic()) > 0:
                self._left.wait(left_s)
        self._stopped.set()
        self._at_work.abandon()
        self._heartbeat.stop()

    def hurry(self, *, within_s: float) -> None:
        """Let ``stop`` come back within that time; it may be shortened, not prolonged."""
        with self._left:
            self._until_s = min(self._until_s, time.monotonic() + within_s)
            self._left.notify_all()

    def _work(self) -> None:
        try:
            self._take_jobs()
        finally:
            with self._left:
                self._working -= 1
                self._left.notify_all()

    def _take_jobs(self) -> None:
        while not self._at_work.stopping:
            calls = self._at_work.calls
            try:
                self._heartbeat.catch_up()
                claimed = self._at_work.claim()
                if claimed is None:
                    self._at_work.wait(calls, self._poll_s)
                    continue
                with telemetry.bound(job=claimed[0].id):
                    self._run(*claimed)
            except Exception:
                # A full disk, for one: a worker that died would leave the queue standing for good.
                log.exception("a worker stumbled")
                self._stopped.wait(_STORE_RETRY_S)

    def _run(self, job: Job, live: LiveJob) -> None:
        log.info("job begins", attempt=live.lease.epoch)
        try:
            self._settle(self._worked(job, live))
        except LeaseLost:
            self._drop(job, live)

    def _worked(self, job: Job, live: LiveJob) -> Callable[[], Job]:
        """Work on a job; what comes back ends it, or lets it go, as the work ended.

        Raises:
            LeaseLost: it is not ours to end.
        """
        workdir = self._folder.work(f"{job.id}.{live.lease.epoch}")
        reporter = Reporter(live, self._at_work, self._artifacts)
        try:
            result = self._do(job, live, reporter, workdir)
        except Cancelled:
            return self._stopped_work(live)
        except LeaseLost:
            raise
        except Exception as error:
            return self._failed(job, live, error)
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
        return partial(
            self._at_work.end, live, JobState.SUCCEEDED, adding=partial(reporter.finished, result)
        )

    def _do(self, job: Job, live: LiveJob, reporter: Reporter, workdir: Path) -> TaskResult:
        with disk_errors("the job"):
            workdir.mkdir(parents=True)
            with self._task_of(job, workdir, live.cancel) as task:
                result = self._pipeline.run(
                    task,
                    workdir=workdir,
                    cancel=live.cancel,
                    report=reporter.take,
                    checkpoints=StoredCheckpoints(self._store, live.lease),
                )
            for file in result.files:
                reporter.publish(file)
            return result

    def _stopped_work(self, live: LiveJob) -> Callable[[], Job]:
        if live.why is Why.LOST:
            raise LeaseLost(live.lease.job_id)
        if live.why is Why.CANCELLED:
            return partial(self._at_work.end, live, JobState.CANCELLED)
        pause_ms = 0 if live.why is Why.DRAINED else retry.FIRST_PAUSE_MS
        return partial(self._at_work.release, live, after_ms=pause_ms)

    def _failed(self, job: Job, live: LiveJob, error: Exception) -> Callable[[], Job]:
        failure = self._failure_of(error)
        pause_ms = None if live.why is Why.CANCELLED else retry.pause_ms(error, job.attempts)
        log.warning(
            "job failed",
            reason=failure.reason,
            again_after_ms=pause_ms,
            exc_info=not isinstance(error, PolycueError),
        )
        if pause_ms is None:
            return partial(self._at_work.end, live, JobState.FAILED, failure=failure)
        return partial(self._at_work.release, live, failure=failure, after_ms=pause_ms)

    def _settle(self, end: Callable[[], Job]) -> None:
        """Store how work ended: the one write that must not be lost, so wait for the disk.

        A server that stops first leaves the job to whoever finds its lease run out.
        """
        while True:
            try:
                job = end()
            except StoreError:
                log.exception("a job's end cannot be stored")
                if self._stopped.wait(_STORE_RETRY_S):
                    return
            else:
                if job.ended:
                    self._tidy(job)
                return

    def _tidy(self, job: Job) -> None:
        """Remove what earlier attempts left; what the disk does not let go goes with the job."""
        try:
            self._artifacts.prune(job)
        except (OSError, StoreError):
            log.warning("results of earlier attempts stay", exc_info=True)

    def _drop(self, job: Job, live: LiveJob) -> None:
        """Write nothing of work that is not ours any more; where the job is gone, leave nothing."""
        self._at_work.lose(live)
        if self._stopped.is_set():
            return
        try:
            self._store.get(job.tenant, job.id)
        except NotFound:
            self._artifacts.remove(job.id)
        except StoreError:
            log.warning("nobody knows whether the job is still there", exc_info=True)
