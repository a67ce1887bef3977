"""Models, pipeline and catalogue, wired."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from polycue.app.host import open_host
from polycue.app.models import ServedModels
from polycue.config import Settings
from polycue.domain.request import DetectionOptions
from polycue.engine import batch_spans, counting
from polycue.engine.backends.backend import Host
from polycue.engine.batch_done import BatchDone
from polycue.engine.ledger import Ledger
from polycue.engine.recogniser import Recogniser
from polycue.engine.texts.translator import Translator
from polycue.jobs.attempt import RunsTasks
from polycue.pipeline.pipeline import Pipeline
from polycue.rpc.clips import Subtitles
from polycue.rpc.installed import Installed
from polycue.rpc.texts import WorksOnCues
from polycue.speech.vad import SpeechDetector


class CallPipeline(Subtitles, WorksOnCues, Protocol):
    """The pipeline for work whose caller waits."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What the server needs of everything below it; tests put fakes here.

    ``ready`` returns once the default recogniser can be used, and raises while it cannot; whether
    that is still so ``up`` says, at once. ``abandon`` ends at once what can be ended. ``ledger``
    is told of every batch.
    """

    jobs: RunsTasks
    calls: CallPipeline
    installed: Installed
    ready: Callable[[], None]
    up: Callable[[], bool]
    close: Callable[[], None]
    abandon: Callable[[], None] = lambda: None
    ledger: Ledger = field(default_factory=Ledger)


def open_engine(
    settings: Settings, *, preload: bool, opens: Callable[..., Host] = open_host
) -> Engine:
    """The real engine; models are loaded when first needed, or by ``ready`` where ``preload``.

    ``opens`` is called in the place of ``open_host``, for programs with a host of their own.

    Raises:
        DeviceUnavailable: the device asked for cannot be used.
        ModelMissing: the recogniser that was named is not installed.
    """
    models, ledger = ServedModels(settings, opens), Ledger()
    recogniser = models.recogniser(note=partial(_note, ledger))
    translator = models.translator()
    return Engine(
        jobs=Pipeline(recogniser, translator, max_media_ms=settings.max_job_media_s * 1000),
        calls=Pipeline(recogniser, translator, max_media_ms=settings.max_call_media_s * 1000),
        installed=models.installed(translator),
        ready=partial(_make_ready, models, recogniser, preload=preload),
        up=models.host.up,
        close=partial(_close, models, recogniser, translator),
        abandon=models.host.abandon,
        ledger=ledger,
    )


def _make_ready(models: ServedModels, recogniser: Recogniser, *, preload: bool) -> None:
    models.host.restore()
    if preload:
        recogniser.facts("")
        SpeechDetector(DetectionOptions())  # what finds speech is opened once, by the first
    else:
        models.checked.whisper_path(models.default())


def _close(models: ServedModels, recogniser: Recogniser, translator: Translator) -> None:
    recogniser.close()
    translator.close()
    models.host.close()


def _note(ledger: Ledger, done: BatchDone) -> None:
    counting.count(done)
    ledger.note(done)
    batch_spans.tell(done)
