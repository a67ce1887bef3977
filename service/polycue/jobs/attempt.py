"""One attempt at a job: its inputs, the pipeline, its results, and how it ended."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from polycue import telemetry
from polycue.domain.caller import Caller, Urgency
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, LeaseLost, NotFound, PolycueError, StoreError
from polycue.domain.progress import Report
from polycue.domain.request import Task
from polycue.engine.ledger import Ledger
from polycue.jobs import retry
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.checkpoints import StoredCheckpoints
from polycue.jobs.disk import disk_errors
from polycue.jobs.folder import DataFolder
from polycue.jobs.job import Failure, Job, JobState
from polycue.jobs.live import LiveJob, Why
from polycue.jobs.reporter import Reporter
from polycue.jobs.store.protocol import JobStore
from polycue.pipeline.ports import Checkpoints
from polycue.pipeline.result import TaskResult
from polycue.pipeline.timing import timed
from polycue.tracing import spans

log = telemetry.logger(__name__)

End = Callable[[], Job]
"""Stores how work ended; again does no harm."""


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
        caller: Caller,
    ) -> TaskResult: ...


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all attempts share.

    ``task_of`` reads a job's spec and brings its inputs into the folder it is given, where they
    stay for the length of its block; ``failure_of`` turns what was raised into what callers are
    told. ``ledger`` tells what the engine does for whom.
    """

    at_work: AtWork
    store: JobStore
    pipeline: RunsTasks
    folder: DataFolder
    artifacts: Artifacts
    ledger: Ledger
    task_of: Callable[[Job, Path, CancelToken], AbstractContextManager[Task]]
    failure_of: Callable[[Exception], Failure]


class Attempt:
    """Belongs to the thread that works on the job."""

    def __init__(self, job: Job, live: LiveJob, shop: Workshop) -> None:
        self._job, self._live, self._shop = job, live, shop
        self._reporter = Reporter(live, shop.at_work, shop.artifacts)
        self._checkpoints = StoredCheckpoints(shop.store, live.lease)
        # Its own: whoever lost the job may not know it yet, in this process too.
        self._name = f"{job.id}.{live.lease.epoch}"
        self._caller = Caller(job.tenant, self._name, Urgency.BATCH)
        self._span = spans.NO_SPAN

    def __repr__(self) -> str:
        return f"Attempt({self._job!r}, {self._live.lease.epoch})"

    def work(self) -> End:
        """Do the work; what comes back ends the job, or lets it go, as the work ended.

        Raises:
            LeaseLost: it is not ours to end; ``drop`` it.
        """
        job, asked = self._job, self._job.asked
        with spans.span(
            "attempt",
            parent=asked.trace,
            job=job.id,
            request_id=asked.request_id,
            number=self._live.lease.epoch,
        ) as self._span:
            return self._work()

    def _work(self) -> End:
        workdir = self._shop.folder.work(self._name)
        try:
            with self._shop.ledger.open(self._name) as account:
                self._live.used = lambda: self._job.usage + account.usage()
                result = self._do(workdir)
        except Cancelled:
            return self._stopped()
        except LeaseLost:
            raise
        except Exception as error:
            # Work that is stopped may say so by what it was at: a program that was killed, say.
            return self._stopped() if self._live.why else self._failed(error)
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
        return partial(
            self._shop.at_work.end,
            self._live,
            JobState.SUCCEEDED,
            adding=partial(self._reporter.finished, result),
        )

    def _do(self, workdir: Path) -> TaskResult:
        shop, cancel = self._shop, self._live.cancel
        with disk_errors("the job"):
            workdir.mkdir(parents=True)
            with ExitStack() as brought:
                with timed("bring"):
                    task = brought.enter_context(shop.task_of(self._job, workdir, cancel))
                result = shop.pipeline.run(
                    task,
                    workdir=workdir,
                    cancel=cancel,
                    report=self._reporter.take,
                    checkpoints=self._checkpoints,
                    caller=self._caller,
                )
            with spans.span("publish", files=len(result.files)):
                for file in result.files:
                    self._reporter.publish(file)
            return result

    def _stopped(self) -> End:
        at_work, live = self._shop.at_work, self._live
        self._span.set(stopped=live.why.name.lower() if live.why else "")
        if live.why is Why.LOST:
            raise LeaseLost(self._job.id)
        if live.why is Why.CANCELLED:
            return partial(at_work.end, live, JobState.CANCELLED)
        pause_ms = 0 if live.why is Why.DRAINED else retry.FIRST_PAUSE_MS
        return partial(at_work.release, live, after_ms=pause_ms)

    def _failed(self, error: Exception) -> End:
        at_work, live = self._shop.at_work, self._live
        failure = self._shop.failure_of(error)
        self._span.fail(failure.reason)
        attempt = 1 if self._checkpoints.got_further else self._job.attempts
        pause_ms = retry.pause_ms(error, attempt)
        log.warning(
            "job failed" if retry.counts(error) else "job waits for room",
            reason=failure.reason,
            again_after_ms=pause_ms,
            exc_info=not isinstance(error, PolycueError),
        )
        if pause_ms is None:
            return partial(at_work.end, live, JobState.FAILED, failure=failure)
        return partial(
            at_work.release,
            live,
            failure=failure,
            after_ms=pause_ms,
            counts=retry.counts(error),
        )

    def tidy(self, job: Job) -> None:
        """Remove what earlier attempts left; what the disk does not let go goes with the job."""
        try:
            self._shop.artifacts.prune(job)
        except (OSError, StoreError):
            log.warning("results of earlier attempts stay", exc_info=True)

    def drop(self) -> None:
        """Leave nothing of work that is not ours any more."""
        self._shop.at_work.lose(self._live)
        try:
            self._shop.artifacts.discard(self._reporter.published)
            self._shop.store.get(self._job.tenant, self._job.id)
        except NotFound:  # it was deleted, perhaps just before its last result was put there
            self._shop.artifacts.remove(self._job.id)
        except (OSError, StoreError):
            log.warning("results of a lost attempt stay", exc_info=True)
