"""Models, pipeline and catalogue, wired."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from polycue.app.host import open_host, open_shelf
from polycue.app.installed import InstalledModels
from polycue.config import Settings
from polycue.domain.request import DetectionOptions
from polycue.engine import batch_spans, counting
from polycue.engine.backends.backend import Backend
from polycue.engine.batch_done import BatchDone
from polycue.engine.batching.credits import Credits, in_all_of
from polycue.engine.devices import auto_model
from polycue.engine.ledger import Ledger
from polycue.engine.memory import memory_of
from polycue.engine.recogniser import Recogniser
from polycue.engine.recognisers import Recognisers
from polycue.engine.shelved_texts import ShelvedTexts
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.translator import Translator
from polycue.jobs.attempt import RunsTasks
from polycue.models.checked import CheckedModels
from polycue.models.kind import ModelKind
from polycue.models.store import ModelStore
from polycue.pipeline.pipeline import Pipeline
from polycue.rpc.clips import Subtitles
from polycue.rpc.installed import Installed
from polycue.rpc.texts import WorksOnCues
from polycue.speech.vad import SpeechDetector
from polycue.translation.packages import Packages

AUTO = "auto"


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


def open_engine(settings: Settings, *, preload: bool) -> Engine:
    """The real engine; models are loaded when first needed, or by ``ready`` where ``preload``.

    Raises:
        DeviceUnavailable: the device asked for cannot be used.
        ModelMissing: the recogniser that was named is not installed.
    """
    store = ModelStore(settings.models_dir)
    checked = CheckedModels(store, recorded_only=settings.recorded_models_only)
    packages = Packages(store.argos_root)
    if settings.model != AUTO:
        store.whisper_path(settings.model)
    host = open_host(settings, check=checked.check)

    def open_checked(path: Path, name: str) -> Sequence[Backend]:
        checked.check(path)
        return host.open_recogniser(path, name)

    def default_model() -> str:
        if settings.model != AUTO:
            return settings.model
        models = (model for model in store.installed() if model.kind is ModelKind.WHISPER)
        return auto_model(host.device, [model.name for model in models])

    ledger = Ledger()

    def note(done: BatchDone) -> None:
        counting.count(done)
        ledger.note(done)
        batch_spans.tell(done)

    shelf = open_shelf(settings, host)
    recognisers = Recognisers(
        store.whisper_path,
        open_checked,
        default=default_model,
        shelf=shelf,
        compute_type=host.device.compute_type,
        note=note,
        credits_=Credits(in_all_of(memory_of("cpu", 0))),
        staffed=host.staffed,
    )
    counting.show_queues(recognisers.queues)
    recogniser = Recogniser(recognisers)
    memory = TextMemory(settings.translation_memory_bytes)
    texts = ShelvedTexts(host.texts, shelf, settings.compute_type, gone=memory.drop)
    translator = Translator(packages, texts, memory)

    def ready() -> None:
        host.restore()
        if preload:
            recogniser.facts("")
            SpeechDetector(DetectionOptions())  # what finds speech is opened once, by the first
        else:
            checked.whisper_path(default_model())

    def close() -> None:
        recogniser.close()
        translator.close()
        host.close()

    return Engine(
        jobs=Pipeline(recogniser, translator, max_media_ms=settings.max_job_media_s * 1000),
        calls=Pipeline(recogniser, translator, max_media_ms=settings.max_call_media_s * 1000),
        installed=InstalledModels(
            store, shelf, translator, default_model=default_model, device=host.device.kind
        ),
        ready=ready,
        up=host.up,
        close=close,
        abandon=host.abandon,
        ledger=ledger,
    )
