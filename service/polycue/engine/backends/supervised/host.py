"""Devices whose models live in child processes."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import EngineDied, PoisonChunk
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import Backend, Host
from polycue.engine.backends.supervised.fleet import Fleet
from polycue.engine.backends.supervised.relief import Relieved
from polycue.engine.backends.supervised.several_texts import SeveralTexts
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import (
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


def supervised_host(
    supervisors: Sequence[Supervisor],
    text_compute_type: str,
    *,
    name: str = "child",
    own_models: bool = False,
) -> Host:
    """All models in a child for each device; ``text_compute_type`` is translators'.

    ``own_models`` is ``Fleet``'s.
    """
    fleet = Fleet(supervisors, own_models=own_models)

    def open_recogniser(path: Path, name: str) -> Sequence[Backend]:
        def load_on(supervisor: Supervisor) -> Load:
            return Load(ModelSpec(path, name, supervisor.device))

        loaded = fleet.load(load_on)
        any_other = next(iter(loaded.values()))  # for a device that is out of order for now
        return _relieved(
            fleet, [SupervisedBackend(s, load_on(s), loaded.get(s, any_other)) for s in supervisors]
        )

    return Host(
        name=name,
        known_devices=lambda: tuple(supervisor.device for supervisor in supervisors),
        open_recogniser=open_recogniser,
        texts=SeveralTexts(
            [
                SupervisedTexts(s, replace(s.device, compute_type=text_compute_type))
                for s in supervisors
            ]
        ),
        up=lambda: fleet.up,
        restore=fleet.restore,
        abandon=fleet.close,
        close=fleet.close,
    )


def _relieved(fleet: Fleet, backends: Sequence["SupervisedBackend"]) -> Sequence[Backend]:
    """One has nobody to do its work."""
    if len(backends) == 1:
        return backends
    return [
        Relieved(
            own,
            [*backends[number + 1 :], *backends[:number]],
            mend=partial(fleet.mend, own.supervisor),
        )
        for number, own in enumerate(backends)
    ]


class SupervisedBackend:
    """A recogniser in the child, which runs as many batches at a time as it has workers.

    Those of a device that is out of order come to it as well. What is too much waits here, where no
    deadline runs, and not in the queue of CTranslate2.
    """

    def __init__(self, supervisor: Supervisor, load: Load, loaded: Loaded) -> None:
        self.supervisor, self._load = supervisor, load.sized(loaded.max_rows)
        supervisor.want(self._load)  # a child that takes its place has it sooner
        self.facts: ModelFacts = loaded.facts
        self.device = load.spec.device.label
        self.max_rows = loaded.max_rows
        self.workers = loaded.workers
        self._places = threading.BoundedSemaphore(loaded.workers)

    def __repr__(self) -> str:
        return f"SupervisedBackend({self.facts.name} in {self.supervisor})"

    @property
    def up(self) -> bool:
        return self.supervisor.has(self._load)

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return self._run(batch, alone=False)

    def run_alone(self, passage: Passage) -> Recognised:
        try:
            (found,) = self._run([passage], alone=True)
        except EngineDied as error:
            raise PoisonChunk(self.facts.name, passage.start_ms, error.cause) from error
        return found

    def close(self) -> None:
        self.supervisor.forget(self._load)

    def _run(self, batch: Sequence[Passage], *, alone: bool) -> list[Recognised]:
        with self._places:
            return self.supervisor.run(
                Recognise(self._load.spec, tuple(batch)),
                needs=self._load,
                kind=self.facts.name,
                amount=sum(max(one.duration_ms / 1000, _LEAST_SOUND_S) for one in batch),
                alone=alone,
            )


class SupervisedTexts:
    """The translation models in the child."""

    def __init__(self, supervisor: Supervisor, device: Device) -> None:
        self._supervisor, self._device = supervisor, device

    def __repr__(self) -> str:
        return f"SupervisedTexts({self._supervisor})"

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

    @property
    def up(self) -> bool:
        return self._supervisor.has()

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
