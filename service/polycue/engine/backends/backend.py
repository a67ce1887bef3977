"""The seam to what runs models: a batch in, results out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import DeviceUnavailable, Draining, ModelError, NoRoomNow
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.batch_done import Queued
from polycue.engine.devices import Device
from polycue.speech.passage import Passage
from polycue.translation.packages import Package

_FOR_ALL = (ModelError, DeviceUnavailable, NoRoomNow, Draining)


def is_for_all(error: Exception) -> bool:
    """Whether the model is there for nobody: nothing is learned by trying its work apart."""
    return isinstance(error, _FOR_ALL)


class Backend(Protocol):
    """One loaded recogniser, in this process, a child of it or on another node."""

    @property
    def facts(self) -> ModelFacts: ...

    @property
    def device(self) -> str:
        """The label of the device that it is on, such as ``cuda:0``."""
        ...

    @property
    def workers(self) -> int:
        """How many batches it runs side by side; ``run`` is called by as many threads."""
        ...

    @property
    def max_rows(self) -> int:
        """How many passages a batch has at most."""
        ...

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        """One result for each passage, in order, which have equal keys; blocks until all are done.

        Raises:
            PolycueError: no passage of the batch is recognised.
        """
        ...

    def run_alone(self, passage: Passage) -> Recognised:
        """Recognise a passage once more that may be what its batch failed for.

        Where a passage can end the process that works on it, nothing else is at work in that.

        Raises:
            PolycueError: the passage is not recognised, and will not be.
        """
        ...

    def close(self) -> None:
        """Free the model. ``run`` is not called any more."""
        ...


class Staff(Protocol):
    """Who puts rows into batches, for backends of one model that come and go."""

    @property
    def queue(self) -> Queued: ...
    @property
    def closed(self) -> bool: ...

    def take_in(self, backend: Backend) -> None:
        """Have one more work on the rows.

        Raises:
            Draining: it is closed.
        """
        ...

    def let_go(self, backend: Backend) -> None:
        """Have one work on no more rows, and close it; blocks until its batches have ended."""
        ...


class TextBackend(Protocol):
    """Translation models, loaded as they are needed."""

    @property
    def workers(self) -> int:
        """How many calls each model runs side by side."""
        ...

    @property
    def call_tokens(self) -> int:
        """How much a call holds that makes good use of a worker: tokens, padding included."""
        ...

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        """How many tokens each text is to the model.

        Raises:
            ModelDamaged, DeviceUnavailable: the package does not load.
            EngineDied: the model's process ended twice.
        """
        ...

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        """For each text its translations, best first; called by many threads at once.

        Raises:
            ModelDamaged, DeviceUnavailable: the package does not load.
            TranslationFailed: the model gave up; nothing is translated.
            EngineDied: the model's process ended, for these texts or for something else.
        """
        ...

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        """Translate a text once more that may be what its process ended for.

        Where a text can end the process that works on it, nothing else is at work in that.

        Raises:
            EngineDied: the text ended the model's process.
            PolycueError: as ``translate``.
        """
        ...

    def close(self) -> None:
        """Let all models go; those at work end their call first."""
        ...


class TextModels(TextBackend, Protocol):
    """Those of the devices, where somebody else sees to it that they do not become too many."""

    def load(self, package: Package) -> None:
        """Load a model beforehand; raises as ``translate`` does."""
        ...

    def forget(self, package: Package) -> None:
        """Let a model go that is not at work; the next call loads it anew."""
        ...


@dataclass(frozen=True, slots=True)
class Host:
    """Where all models live, on one device or several that are alike.

    ``open_recogniser`` loads the model in a folder, under a name, on each of them; who works with
    what it gave is told to ``staffed``, where devices come and go. ``up`` says at
    once whether models can be used now. ``restore`` loads again what was lost, and
    raises DeviceUnavailable where that cannot be done. ``abandon`` ends at once what is at work, as
    far as that can be ended; nothing is asked for any more.
    """

    name: str
    known_devices: Callable[[], tuple[Device, ...]]
    open_recogniser: Callable[[Path, str], Sequence[Backend]]
    texts: TextModels
    up: Callable[[], bool]
    restore: Callable[[], None]
    abandon: Callable[[], None]
    close: Callable[[], None]
    staffed: Callable[[Sequence[Backend], Staff], None] = lambda backends, staff: None

    @property
    def devices(self) -> tuple[Device, ...]:
        """At least one; on other machines, what is known of them now."""
        return self.known_devices()

    @property
    def device(self) -> Device:
        """The first, where one stands for all."""
        return self.devices[0]
