"""What the pipeline reports of one attempt, taken to those who follow it and to the store."""

import time
from dataclasses import replace
from pathlib import Path

from polycue import telemetry
from polycue.domain.errors import StoreError
from polycue.domain.progress import (
    CuesReady,
    Event,
    FileReady,
    LanguageFound,
    MediaFound,
    OutputFile,
    StageMoved,
)
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.job import Artifact, Job
from polycue.jobs.live import LiveJob
from polycue.pipeline.result import TaskResult

log = telemetry.logger(__name__)

# What a crash costs of the account of a job, whose work is kept chunk by chunk.
_KEEP_EVERY_S = 10.0


class Reporter:
    """Called by the job's own thread. Its methods raise LeaseLost."""

    def __init__(self, live: LiveJob, at_work: AtWork, artifacts: Artifacts) -> None:
        self._live, self._at_work, self._artifacts = live, at_work, artifacts
        self._published: dict[Path, Artifact] = {}
        self._kept_s = time.monotonic()

    @property
    def published(self) -> tuple[Artifact, ...]:
        """The results so far, also one that was not written down any more."""
        return tuple(self._published.values())

    def take(self, event: Event) -> None:
        match event:
            case StageMoved():
                self._live.move(event)
                self._keep_progress()
            case CuesReady():
                self._at_work.tell_cues(self._live, event)
            case LanguageFound(language):
                self._note_language(language)
            case FileReady(file):
                self.publish(file)
            case MediaFound():
                pass  # the stages tell how long it is

    def _keep_progress(self) -> None:
        now_s = time.monotonic()
        if now_s - self._kept_s < _KEEP_EVERY_S:
            return
        self._kept_s = now_s
        try:
            self._at_work.keep_progress(self._live)
        except StoreError:
            log.warning("progress cannot be stored yet", exc_info=True)

    def _note_language(self, language: str) -> None:
        try:
            self._at_work.change(self._live, lambda job: replace(job, language=language))
        except StoreError:
            # The job's end tells it too; that is no reason to throw hours of work away.
            log.warning("the language cannot be stored yet", exc_info=True)

    def publish(self, file: OutputFile) -> None:
        """Make a finished file a result of the job; once more does nothing."""
        if file.path in self._published:
            return
        artifact = self._artifacts.publish(
            self._live.lease.job_id,
            file,
            epoch=self._live.lease.epoch,
            taken=(each.id for each in self._published.values()),
            cancel=self._live.cancel,
        )
        self._published[file.path] = artifact
        self._at_work.add_artifact(self._live, artifact)

    def finished(self, result: TaskResult, job: Job) -> Job:
        """The job with what this attempt made, and nothing of what an earlier one did."""
        return replace(
            job,
            notices=result.notices,
            language=result.language or job.language,
            artifacts=self.published,
        )
