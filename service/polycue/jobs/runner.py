"""Worker threads that take queued jobs through the pipeline."""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, PolycueError, StoreError
from polycue.domain.progress import (
    CuesReady,
    Event,
    FileReady,
    LanguageFound,
    MediaFound,
    OutputFile,
    Report,
    StageMoved,
)
from polycue.domain.request import Task
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board
from polycue.jobs.folder import DataFolder, disk_errors
from polycue.jobs.job import Failure, Job, JobState
from polycue.jobs.live import LiveJob
from polycue.pipeline.result import TaskResult

_STORE_RETRY_S = 5.0

log = telemetry.logger(__name__)


class RunsTasks(Protocol):
    """The pipeline, or a fake of it."""

    def run(
        self, task: Task, *, workdir: Path, cancel: CancelToken, report: Report
    ) -> TaskResult: ...


class Runner:
    """Works on up to ``workers`` jobs at once.

    ``task_of`` reads a job's spec and brings its inputs into the folder it is given, where they
    stay for the length of its block; ``failure_of`` turns what was raised into what callers are
    told.
    """

    def __init__(
        self,
        board: Board,
        pipeline: RunsTasks,
        folder: DataFolder,
        artifacts: Artifacts,
        *,
        task_of: Callable[[Job, Path, CancelToken], AbstractContextManager[Task]],
        failure_of: Callable[[Exception], Failure],
        workers: int,
    ) -> None:
        self._board, self._pipeline, self._folder = board, pipeline, folder
        self._artifacts = artifacts
        self._task_of, self._failure_of = task_of, failure_of
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"polycue-job-{number}")
            for number in range(workers)
        ]

    def __repr__(self) -> str:
        return f"Runner({len(self._threads)} workers, {self._board!r})"

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_s: float) -> None:
        """Begin nothing new, give running jobs ``within_s`` to end, then interrupt them; blocks."""
        self._board.stop_claims()
        until_s = time.monotonic() + within_s
        working = [thread for thread in self._threads if thread.is_alive()]
        for thread in working:
            thread.join(max(0.0, until_s - time.monotonic()))
        self._stopped.set()
        self._board.interrupt()
        for thread in working:
            thread.join()

    def _work(self) -> None:
        while True:
            try:
                claimed = self._board.claim()
                if claimed is None:
                    return
                with telemetry.bound(job=claimed[0].id):
                    self._run(*claimed)
            except Exception:
                # A full disk, for one: a worker that died would leave the queue standing for good.
                log.exception("a worker stumbled")
                self._stopped.wait(_STORE_RETRY_S)

    def _run(self, job: Job, live: LiveJob) -> None:
        log.info("job begins")
        self._settle(self._worked(job, live))

    def _worked(self, job: Job, live: LiveJob) -> Callable[[], Job]:
        """Work on a job; what comes back ends it as the work ended."""
        workdir = self._folder.work(job.id)
        try:
            result = self._do(job, live, workdir)
        except Cancelled:
            return partial(self._board.stop, job.id)
        except Exception as error:
            failure = self._failure_of(error)
            log.warning(
                "job failed", reason=failure.reason, exc_info=not isinstance(error, PolycueError)
            )
            return partial(self._board.end, job.id, JobState.FAILED, failure=failure)
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
        return partial(self._board.end, job.id, JobState.SUCCEEDED, adding=_adding(result))

    def _do(self, job: Job, live: LiveJob, workdir: Path) -> TaskResult:
        with disk_errors("the job"):
            workdir.mkdir(parents=True)
            reporter = _Reporter(job.id, live, self._board, self._artifacts)
            with self._task_of(job, workdir, live.cancel) as task:
                result = self._pipeline.run(
                    task, workdir=workdir, cancel=live.cancel, report=reporter.take
                )
            for file in result.files:
                reporter.publish(file)
            return result

    def _settle(self, end: Callable[[], Job]) -> None:
        """Store a job's end: the one write that must not be lost, so wait for the disk if need be.

        A server that stops first leaves the job RUNNING, and the next one finds it interrupted.
        """
        while True:
            try:
                job = end()
            except StoreError:
                log.exception("a job's end cannot be stored")
                if self._stopped.wait(_STORE_RETRY_S):
                    return
            else:
                log.info("job ended", state=job.state.value)
                return


class _Reporter:
    """Takes what the pipeline reports to the board; called by the job's own thread."""

    def __init__(self, job_id: str, live: LiveJob, board: Board, artifacts: Artifacts) -> None:
        self._job_id, self._live = job_id, live
        self._board, self._artifacts = board, artifacts
        self._published: dict[Path, str] = {}

    def take(self, event: Event) -> None:
        match event:
            case StageMoved():
                self._live.move(event)
            case CuesReady():
                self._live.feed.append(event)
            case LanguageFound(language):
                self._note_language(language)
            case FileReady(file):
                self.publish(file)
            case MediaFound():
                pass  # the stages tell how long it is

    def _note_language(self, language: str) -> None:
        try:
            self._board.change(self._job_id, lambda job: replace(job, language=language))
        except StoreError:
            # The job's end tells it too; that is no reason to throw hours of work away.
            log.warning("the language cannot be stored yet", exc_info=True)

    def publish(self, file: OutputFile) -> None:
        """Make a finished file a result of the job; once more does nothing."""
        if file.path in self._published:
            return
        artifact = self._artifacts.publish(
            self._job_id,
            file,
            epoch=1,
            taken=self._published.values(),
            cancel=self._live.cancel,
        )
        self._published[file.path] = artifact.id
        self._board.add_artifact(self._job_id, artifact)


def _adding(result: TaskResult) -> Callable[[Job], Job]:
    return lambda job: replace(
        job, notices=result.notices, language=result.language or job.language
    )
