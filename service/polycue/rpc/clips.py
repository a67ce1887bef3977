"""Media that are transcribed while their caller waits."""

import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from polycue.domain.caller import Caller, Urgency
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import LimitExceeded
from polycue.domain.progress import Event, MediaFound, Report
from polycue.domain.request import SubtitleTask
from polycue.engine.ledger import Ledger
from polycue.jobs.disk import disk_errors
from polycue.jobs.job import new_id
from polycue.pipeline.result import TaskResult
from polycue.rpc import tenant
from polycue.rpc.clip_pace import ClipPace
from polycue.rpc.convert.tasks import ClipRequest, clip_task
from polycue.rpc.sources import Sources
from polycue.rpc.workers import Workers

T = TypeVar("T")


class Subtitles(Protocol):
    """The pipeline for clips, or a fake of it; it refuses media that are too long for a call."""

    def run(
        self,
        task: SubtitleTask,
        *,
        workdir: Path,
        cancel: CancelToken,
        report: Report,
        caller: Caller,
    ) -> TaskResult: ...


class Clips:
    """Each clip is worked on in a folder of its own below ``folder``, gone when it is done."""

    def __init__(
        self,
        pipeline: Subtitles,
        sources: Sources,
        workers: Workers,
        folder: Path,
        ledger: Ledger,
    ) -> None:
        self._pipeline, self._sources = pipeline, sources
        self._workers, self._folder, self._ledger = workers, folder, ledger
        self._pace = ClipPace()

    def messages(
        self,
        request: ClipRequest,
        tell: Callable[[Event | TaskResult], Iterable[T]],
        *,
        within_s: float | None,
    ) -> AsyncGenerator[T]:
        """What ``tell`` makes of all that happens, and of the result at the end. Close it.

        It does so in the thread that works on the clip: a film's words take seconds to encode, and
        the event loop has others to answer. ``within_s`` is when the caller wants the result; None
        leaves it open.

        Raises:
            TooManyCalls: as many clips are at work as may be.
            DeadlineTooShort: it cannot be done in time.
            PolycueError: the request, or the clip, is not usable.
        """
        until_s = None if within_s is None else time.monotonic() + within_s

        def work(cancel: CancelToken, put: Callable[[T], None]) -> None:
            def told(happened: Event | TaskResult) -> None:
                for message in tell(happened):
                    put(message)

            self._work(request, until_s, cancel, told)

        return self._workers.stream(work)

    def _work(
        self,
        request: ClipRequest,
        until_s: float | None,
        cancel: CancelToken,
        told: Callable[[Event | TaskResult], None],
    ) -> None:
        workdir = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            brought = self._sources.brought(tenant.current(), workdir, cancel)
            with disk_errors("the clip"), brought as find:
                told(self._done(clip_task(request, find), until_s, workdir, cancel, told))
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
        told: Callable[[Event | TaskResult], None],
    ) -> TaskResult:
        began_s = time.monotonic()

        def report(event: Event) -> None:
            if isinstance(event, MediaFound) and event.duration_ms and until_s is not None:
                left_s = until_s - time.monotonic()
                self._pace.require(task.speech, event.duration_ms, within_s=left_s)
            told(event)

        caller = Caller(tenant.current(), new_id(), Urgency.LIVE)
        with self._ledger.open(caller.request) as account:
            result = self._pipeline.run(
                task, workdir=workdir, cancel=cancel, report=report, caller=caller
            )
        self._pace.note(task.speech, result.duration_ms, time.monotonic() - began_s)
        return replace(result, usage=account.usage())
