"""Models in this process, run by the batcher's own threads."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.translation import Hypotheses, Search
from polycue.engine import heap
from polycue.engine.backends.backend import Host
from polycue.engine.backends.once import Once
from polycue.engine.backends.rehearsal import made_ready
from polycue.engine.devices import Device, call_tokens
from polycue.speech.passage import Passage
from polycue.speech.whisper import Whisper
from polycue.tracing.parts import part
from polycue.tracing.spans import Value
from polycue.translation.argos import ArgosModel
from polycue.translation.packages import Package


class ThreadBackend:
    """One model and as many batches at a time as it has workers: it would only queue another."""

    def __init__(self, whisper: Whisper, device: Device, max_rows: int = 1) -> None:
        self._whisper, self._device = whisper, device
        self.device, self.workers, self.max_rows = device.label, device.workers, max_rows

    def __repr__(self) -> str:
        return f"ThreadBackend({self._whisper})"

    @classmethod
    def open(cls, path: Path, model: str, device: Device) -> Self:
        """Load the model in the folder ``path``, and make it fit for its first batch.

        Raises:
            ModelDamaged: a file is missing or not what it should be.
            DeviceUnavailable: the device cannot hold the model, or no batch of it.
        """
        with _part("load in engine", device):
            whisper = Whisper.load(
                path,
                model,
                device=device.kind,
                device_index=device.ordinal,
                compute_type=device.compute_type,
                threads=device.threads,
                workers=device.workers,
            )
            backend = cls(whisper, device)
            try:
                backend.max_rows = made_ready(backend, device)
            except BaseException:
                backend.close()
                raise
        return backend

    @property
    def facts(self) -> ModelFacts:
        return self._whisper.facts

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        with _part("recognise in engine", self._device):
            return self._whisper.recognise(batch)

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def rehearse(self, rows: int, tokens: int) -> int:
        return self._whisper.rehearse(rows, tokens)

    def close(self) -> None:
        self._whisper.close()
        heap.trim()


class ThreadTexts:
    """Translation models, run by whoever calls; CTranslate2 queues the calls to each.

    ``check`` raises where a package's folder is not what it should be, before it is loaded.
    """

    def __init__(
        self, device: Device, *, check: Callable[[Path], None] = lambda folder: None
    ) -> None:
        self._device, self._check = device, check
        self._loaded: Once[Package, ArgosModel] = Once()

    def __repr__(self) -> str:
        return f"ThreadTexts({self._device.kind}, {len(self._loaded)} loaded)"

    @property
    def workers(self) -> int:
        return self._device.workers

    @property
    def call_tokens(self) -> int:
        return call_tokens(self._device)

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        return self._model(package).measure(texts)

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        model = self._model(package)
        with _part("translate in engine", self._device):
            return model.translate(texts, search)

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        (found,) = self.translate(package, [text], search)
        return found

    def load(self, package: Package) -> None:
        self._model(package)

    def forget(self, package: Package) -> None:
        self._loaded.pop(package)
        heap.trim()

    def close(self) -> None:
        self._loaded.clear()

    def _model(self, package: Package) -> ArgosModel:
        return self._loaded.get(package, lambda: self._opened(package))

    def _opened(self, package: Package) -> ArgosModel:
        self._check(package.path)
        with _part("load in engine", self._device):
            return ArgosModel.load(
                package,
                device=self._device.kind,
                device_index=self._device.ordinal,
                compute_type=self._device.compute_type,
                threads=self._device.threads,
                workers=self._device.workers,
            )


def _part(name: str, device: Device) -> AbstractContextManager[None]:
    """Of a batch; it is told where this was, for one of several processes."""
    where: dict[str, Value] = {"process.pid": os.getpid(), "device": device.label}
    return part(name, **where)


def thread_host(
    device: Device, text_device: Device, *, check: Callable[[Path], None] = lambda folder: None
) -> Host:
    """All models in this process; ``text_device`` is the same one, as translators use it."""
    return Host(
        name="threads",
        known_devices=lambda: (device,),
        open_recogniser=lambda path, name: [ThreadBackend.open(path, name, device)],
        texts=ThreadTexts(text_device, check=check),
        up=lambda: True,  # what ends a model ends the whole server
        restore=lambda: None,
        abandon=lambda: None,  # nothing stops CTranslate2 in the middle of a batch
        close=lambda: None,
    )
