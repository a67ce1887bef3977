"""Media that are transcribed while their caller waits."""

import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import LimitExceeded
from polycue.domain.progress import Event, Report
from polycue.domain.request import SubtitleTask
from polycue.jobs.folder import disk_errors
from polycue.pipeline.result import TaskResult
from polycue.rpc import tenant
from polycue.rpc.convert.tasks import ClipRequest, clip_task
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
        self._workers, self._folder = workers, folder

    def events(self, request: ClipRequest) -> AsyncGenerator[Event | TaskResult]:
        """What happens while the clip is worked on, and the result at the end. Close it.

        Raises:
            TooManyCalls: as many clips are at work as may be.
            PolycueError: the request, or the clip, is not usable.
        """
        return self._workers.stream(partial(self._work, request))

    def _work(
        self, request: ClipRequest, cancel: CancelToken, put: Callable[[Event | TaskResult], None]
    ) -> None:
        workdir = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            brought = self._sources.brought(tenant.current(), workdir, cancel)
            with disk_errors("the clip"), brought as find:
                task = clip_task(request, find)
                put(self._pipeline.run(task, workdir=workdir, cancel=cancel, report=put))
        except LimitExceeded as error:
            if error.field != "media":
                raise
            advice = "media of this length are for CreateJob"
            raise LimitExceeded("media", error.value, error.limit, error.unit, advice) from error
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
