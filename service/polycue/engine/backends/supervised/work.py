"""What an engine child can be asked: each kind of work goes there, is done, and its result back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import Backend
from polycue.engine.devices import Device, choose, count
from polycue.speech.passage import Passage
from polycue.tracing.parts import Part
from polycue.translation.packages import Package

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A recogniser: the folder ``path`` on ``device``, under the name callers have for it.

    ``rows`` are a batch's, as they were found when it was loaded before; 0 finds them out.
    """

    path: Path
    name: str
    device: Device
    rows: int = field(default=0, compare=False)


class LoadsTexts(Protocol):
    """A ``TextBackend`` that can be told what to load beforehand."""

    def load(self, package: Package) -> None: ...
    def forget(self, package: Package) -> None: ...
    def measure(self, package: Package, texts: Sequence[str]) -> list[int]: ...
    def translate(
        self, package: Package, texts: Sequence[str], search: Search
    ) -> list[Hypotheses]: ...


class Models(Protocol):
    """What a child holds. Models load when they are first asked for."""

    def recogniser(self, spec: ModelSpec) -> Backend: ...
    def forget(self, spec: ModelSpec) -> None: ...
    def texts(self, device: Device) -> LoadsTexts: ...


class Work(Protocol[T_co]):
    """Something to do in a child; ``do`` runs there, in a thread of its own, with what is there.

    That is ``Models`` for all work here.
    """

    def do(self, models: Any) -> T_co: ...


class Loads(Work[T_co], Protocol[T_co]):
    """Work that loads what is in a folder, and need be done once in each child."""

    @property
    def folder(self) -> Path: ...
    @property
    def undone(self) -> Work[None]: ...


class Chooses(Work[Device], Protocol):
    """Work that finds a device, of the kind that was asked for; it is done first in each child."""

    @property
    def device(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Choose:
    """Find the device, and load what it needs; see ``devices.choose``."""

    device: str
    compute_type: str
    index: int
    threads: int
    workers: int = 0
    rows: int = 0
    sharing: int = 1

    def do(self, models: Models) -> Device:
        return choose(
            self.device,
            self.compute_type,
            self.index,
            self.threads,
            self.workers,
            self.rows,
            self.sharing,
        )


@dataclass(frozen=True, slots=True)
class Count:
    """How many devices of this kind the machine has."""

    device: str

    def do(self, models: Models) -> int:
        return count(self.device)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the server needs to know of a recogniser in a child."""

    facts: ModelFacts
    max_rows: int
    workers: int


@dataclass(frozen=True, slots=True)
class Load:
    """Load a recogniser, and make it fit for its first batch."""

    spec: ModelSpec

    @property
    def folder(self) -> Path:
        return self.spec.path

    def do(self, models: Models) -> Loaded:
        backend = models.recogniser(self.spec)
        return Loaded(backend.facts, backend.max_rows, backend.workers)

    def sized(self, rows: int) -> "Load":
        """The same, and nothing need be found out."""
        return Load(replace(self.spec, rows=rows))

    @property
    def undone(self) -> "Forget":
        return Forget(self.spec)


@dataclass(frozen=True, slots=True)
class Recognise:
    """One batch."""

    spec: ModelSpec
    batch: tuple[Passage, ...]

    def do(self, models: Models) -> list[Recognised]:
        return models.recogniser(self.spec).run(self.batch)


@dataclass(frozen=True, slots=True)
class Forget:
    """Free a recogniser."""

    spec: ModelSpec

    def do(self, models: Models) -> None:
        models.forget(self.spec)


@dataclass(frozen=True, slots=True)
class LoadTexts:
    """Load the translator of one package."""

    package: Package
    device: Device

    @property
    def folder(self) -> Path:
        return self.package.path

    def do(self, models: Models) -> None:
        models.texts(self.device).load(self.package)

    @property
    def undone(self) -> "ForgetTexts":
        return ForgetTexts(self.package, self.device)


@dataclass(frozen=True, slots=True)
class ForgetTexts:
    """Free a translator."""

    package: Package
    device: Device

    def do(self, models: Models) -> None:
        models.texts(self.device).forget(self.package)


@dataclass(frozen=True, slots=True)
class Measure:
    """The tokens of texts, as a translator counts them."""

    package: Package
    device: Device
    texts: tuple[str, ...]

    def do(self, models: Models) -> list[int]:
        return models.texts(self.device).measure(self.package, self.texts)


@dataclass(frozen=True, slots=True)
class Translate:
    """One call to a translator."""

    package: Package
    device: Device
    texts: tuple[str, ...]
    search: Search

    def do(self, models: Models) -> list[Hypotheses]:
        return models.texts(self.device).translate(self.package, self.texts, self.search)


@dataclass(frozen=True, slots=True)
class Call:
    """Work on its way to a child. ``facts`` are for the lines that it logs there.

    ``noted`` says that a trace wants to know what it consists of.
    """

    number: int
    work: Work[object]
    facts: Mapping[str, object] = field(default_factory=dict)
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: a value, or what was raised.

    ``broken`` says that no further work can succeed in this process, as after most of CUDA's
    errors, and why; "" where it can. ``parts`` are those of the work, where that was asked for.
    """

    number: int
    value: object = None
    error: BaseException | None = None
    broken: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """What a library or our own code in the child had to say, and for whom it worked then."""

    level: int
    logger: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)
