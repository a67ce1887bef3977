"""Media that are transcribed while their caller waits."""

import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import LimitExceeded
from polycue.domain.progress import Event, MediaFound, Report
from polycue.domain.request import SubtitleTask
from polycue.jobs.folder import disk_errors
from polycue.pipeline.result import TaskResult
from polycue.rpc import tenant
from polycue.rpc.convert.tasks import ClipRequest, clip_task
from polycue.rpc.pace import Pace
from polycue.rpc.sources import Sources
from polycue.rpc.workers import Workers


class Subtitles(Protocol):
    """The pipeline for clips, or a fake of it; it refuses media that are too long for a call."""

    def run(
        self, task: SubtitleTask, *, workdir: Path, cancel: CancelToken, report: Report
    ) -> TaskResult: ...


class Clips:
    """Each clip is worked on in a folder of its own below ``folder``, gone when it is done."""

    def __init__(
        self, pipeline: Subtitles, sources: Sources, workers: Workers, folder: Path
    ) -> None:
        self._pipeline, self._sources = pipeline, sources
        self._workers, self._folder, self._pace = workers, folder, Pace()

    def events(
        self, request: ClipRequest, *, within_s: float | None
    ) -> AsyncGenerator[Event | TaskResult]:
        """What happens while the clip is worked on, and the result at the end. Close it.

        ``within_s`` is when its caller wants it; None leaves it open.

        Raises:
            TooManyCalls: as many clips are at work as may be.
            DeadlineTooShort: it cannot be done in time.
            PolycueError: the request, or the clip, is not usable.
        """
        until_s = None if within_s is None else time.monotonic() + within_s
        return self._workers.stream(partial(self._work, request, until_s))

    def _work(
        self,
        request: ClipRequest,
        until_s: float | None,
        cancel: CancelToken,
        put: Callable[[Event | TaskResult], None],
    ) -> None:
        workdir = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            brought = self._sources.brought(tenant.current(), workdir, cancel)
            with disk_errors("the clip"), brought as find:
                put(self._done(clip_task(request, find), until_s, workdir, cancel, put))
        except LimitExceeded as error:
            if error.field != "media":
                raise
            advice = "media of this length are for CreateJob"
            raise LimitExceeded("media", error.value, error.limit, error.unit, advice) from error
        finally:
            shutil.rmtree(workdir, ignore_errors=True)

    def _done(
        self,
        task: SubtitleTask,
        until_s: float | None,
        workdir: Path,
        cancel: CancelToken,
        put: Callable[[Event | TaskResult], None],
    ) -> TaskResult:
        began_s = time.monotonic()

        def report(event: Event) -> None:
            if isinstance(event, MediaFound) and event.duration_ms and until_s is not None:
                left_s = until_s - time.monotonic()
                self._pace.require(task.speech, event.duration_ms, within_s=left_s)
            put(event)

        result = self._pipeline.run(task, workdir=workdir, cancel=cancel, report=report)
        self._pace.note(task.speech, result.duration_ms, time.monotonic() - began_s)
        return result
