"""A device whose models live in a child process."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import EngineDied, PoisonChunk
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import Host
from polycue.engine.backends.processes.supervisor import Supervisor
from polycue.engine.backends.processes.work import (
    Load,
    Loaded,
    LoadTexts,
    Measure,
    ModelSpec,
    Recognise,
    Translate,
)
from polycue.engine.devices import Device, call_tokens
from polycue.speech.passage import Passage
from polycue.translation.packages import Package

# What work takes on a slow device, for as long as nothing is known of this one: as long as the
# sound, and at least a third of the window that Whisper is always given; a second for two lines.
_LEAST_SOUND_S = 10.0
_CHARS_A_SECOND = 100


def child_host(supervisor: Supervisor, text_compute_type: str) -> Host:
    """All models of the supervisor's device in its child; ``text_compute_type`` is translators'."""
    device = supervisor.device

    def open_recogniser(path: Path, name: str) -> list[ChildBackend]:
        return [ChildBackend.open(supervisor, ModelSpec(path, name, device))]

    return Host(
        name="child",
        device=device,
        open_recogniser=open_recogniser,
        texts=ChildTexts(supervisor, replace(device, compute_type=text_compute_type)),
        up=lambda: supervisor.up,
        restore=supervisor.restore,
        abandon=supervisor.close,
        close=supervisor.close,
    )


class ChildBackend:
    """A recogniser in the child, which runs as many batches at a time as it has workers."""

    def __init__(self, supervisor: Supervisor, load: Load, loaded: Loaded) -> None:
        self._supervisor, self._load = supervisor, load
        self.facts: ModelFacts = loaded.facts
        self.device = load.spec.device.label
        self.max_rows = loaded.max_rows
        self.workers = loaded.workers

    def __repr__(self) -> str:
        return f"ChildBackend({self.facts.name} in {self._supervisor})"

    @classmethod
    def open(cls, supervisor: Supervisor, spec: ModelSpec) -> Self:
        """Load the model.

        Raises:
            ModelDamaged: a file is missing or not what it should be.
            DeviceUnavailable: the device cannot hold the model, or its engine does not start.
        """
        load = Load(spec)
        return cls(supervisor, load, supervisor.load(load))

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return self._run(batch, alone=False)

    def run_alone(self, passage: Passage) -> Recognised:
        try:
            (found,) = self._run([passage], alone=True)
        except EngineDied as error:
            raise PoisonChunk(self.facts.name, passage.start_ms, error.cause) from error
        return found

    def close(self) -> None:
        self._supervisor.forget(self._load)

    def _run(self, batch: Sequence[Passage], *, alone: bool) -> list[Recognised]:
        return self._supervisor.run(
            Recognise(self._load.spec, tuple(batch)),
            needs=self._load,
            kind=self.facts.name,
            amount=sum(max(one.duration_ms / 1000, _LEAST_SOUND_S) for one in batch),
            alone=alone,
        )


class ChildTexts:
    """The translation models in the child."""

    def __init__(self, supervisor: Supervisor, device: Device) -> None:
        self._supervisor, self._device = supervisor, device

    def __repr__(self) -> str:
        return f"ChildTexts({self._supervisor})"

    @property
    def workers(self) -> int:
        return self._device.workers

    @property
    def call_tokens(self) -> int:
        return call_tokens(self._device)

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        try:
            return self._measure(package, texts, alone=False)
        except EngineDied:  # another's fault most likely
            return self._measure(package, texts, alone=True)

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        return self._translate(package, texts, search, alone=False)

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        try:
            (found,) = self._translate(package, [text], search, alone=True)
        except EngineDied as error:
            work = f"a translation from {package.source} to {package.target}"
            raise EngineDied(work, error.cause) from error
        return found

    def load(self, package: Package) -> None:
        self._supervisor.load(LoadTexts(package, self._device), again=False)

    def forget(self, package: Package) -> None:
        self._supervisor.forget(LoadTexts(package, self._device))

    def close(self) -> None:
        """They go with the child."""

    def _measure(self, package: Package, texts: Sequence[str], *, alone: bool) -> list[int]:
        return self._supervisor.run(
            Measure(package, self._device, tuple(texts)),
            needs=LoadTexts(package, self._device),
            kind="lengths",
            amount=1 + sum(map(len, texts)) / _CHARS_A_SECOND,
            alone=alone,
        )

    def _translate(
        self, package: Package, texts: Sequence[str], search: Search, *, alone: bool
    ) -> list[Hypotheses]:
        return self._supervisor.run(
            Translate(package, self._device, tuple(texts), search),
            needs=LoadTexts(package, self._device),
            kind="texts",
            amount=1 + sum(map(len, texts)) / _CHARS_A_SECOND,
            alone=alone,
        )
