"""Models that take a fixed time for a batch and no processor, for actors, children or threads.

The name of a recogniser says how long: ``timed-200`` takes 200 ms for a batch, whatever it holds.
"""

import threading
from collections.abc import Sequence
from typing import Any

from polycue.domain.chunk import Belief, ModelFacts, Recognised
from polycue.domain.transcript import ChunkFacts, Word
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.ray.actor import Engine
from polycue.engine.backends.ray.asked import Hello
from polycue.engine.backends.supervised.models import DeviceModels
from polycue.engine.backends.supervised.work import ModelSpec
from polycue.engine.devices import Device
from polycue.speech.passage import Passage
from polycue.translation.packages import Package

# Programs: of the bridge to a cluster with such actors, and of such a child.
BRIDGE = ("-m", "polycue.testing.timed_bridge")
FAR_BRIDGE = (*BRIDGE, "--far")
CHILD = ("-m", "polycue.testing.timed_child")

_WORD_MS = 500


class TimedBackend:
    """A recogniser that hears a word each half a second, the same each time."""

    device, workers, max_rows = "cpu", 1, 4

    def __init__(self, name: str) -> None:
        """``name`` ends with the milliseconds that a batch takes."""
        self.facts = ModelFacts(name, ("en",), 30_000, translates=True, demo=True)
        self._service_s = int(name.rpartition("-")[2]) / 1000

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        threading.Event().wait(self._service_s)
        return list(map(_heard, batch))

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None: ...


class TimedTexts:
    """A translator that shouts, at once."""

    def load(self, package: Package) -> None: ...
    def forget(self, package: Package) -> None: ...

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        return [(Hypothesis(text.upper(), 0.0),) for text in texts]


class TimedModels:
    """``Models`` of these, loaded as real ones are."""

    def __init__(self) -> None:
        self._models = DeviceModels(lambda spec: TimedBackend(spec.name))
        self._texts = TimedTexts()

    def recogniser(self, spec: ModelSpec) -> Backend:
        return self._models.recogniser(spec)

    def forget(self, spec: ModelSpec) -> None:
        self._models.forget(spec)

    def texts(self, device: Device) -> TimedTexts:
        return self._texts


class TimedEngine(Engine):
    """An actor that holds them."""

    def held(self, hello: Hello, node: str) -> Any:
        return TimedModels()


def _heard(passage: Passage) -> Recognised:
    starts = range(passage.start_ms, passage.end_ms - _WORD_MS + 1, _WORD_MS)
    words = tuple(Word(f"w{start_ms}", start_ms, start_ms + _WORD_MS) for start_ms in starts)
    facts = ChunkFacts(passage.start_ms, passage.end_ms, "en", -0.2, 0.0, 1.0, len(words))
    return Recognised(words, facts, 1.0, belief=Belief("en", {"en": 0.0}), tokens=len(words))
