"""An engine child whose models fail on command; a program, and what its tests ask it with.

The command is the first feature of a passage. What was loaded and run is written, a line each, to
``diary`` in the model's folder.
"""

import ctypes
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np

from polycue.domain.audio import Span
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import (
    DeviceUnavailable,
    ModelDamaged,
    OutOfMemory,
    RecognitionFailed,
)
from polycue.domain.transcript import ChunkFacts, Word
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.processes.serve import called, serve
from polycue.engine.backends.supervised.models import DeviceModels
from polycue.engine.backends.supervised.work import ModelSpec
from polycue.engine.devices import Device
from polycue.speech.passage import DecodeSettings, Passage
from polycue.tracing.parts import Part, noted, part
from polycue.translation.packages import Package

PROGRAM = (__file__,)
SEVERAL = "several"
FACTS = ModelFacts("fragile", ("en",), 30_000, translates=True, demo=True)


class Do(IntEnum):
    """What to do with a passage."""

    HEAR = 0
    ABORT = 1
    FAULT = 2  # a segmentation fault
    HANG = 3  # with the interpreter's lock: no other thread of the child runs any more
    RAISE = 5
    BREAK = 6  # as after CUDA's errors: whatever comes next in this process fails too
    SURPRISE = 7  # an error that nobody foresaw
    SWELL = 8  # out of memory
    STRANGE = 12  # an error of a class that the server has not
    UNSENDABLE = 13  # a result that cannot travel
    MEET = (
        9  # write the process id to the FIFO ``begun``, when somebody reads it; hang with the lock
    )
    MEET_ONCE = 10  # write it and hang, without the lock; hear the chunk where ``begun`` is gone
    WAIT = 11  # write it, and hear the chunk when the FIFO ``go`` was written to


def passage(start_ms: int, do: Do = Do.HEAR) -> Passage:
    features = np.zeros((80, 101), np.float32)
    features[0, 0] = do
    speech = (Span(start_ms, start_ms + 1_000),)
    return Passage(start_ms, start_ms + 1_000, speech, features, DecodeSettings(language="en"))


def long_passage(start_ms: int, do: Do = Do.HEAR) -> Passage:
    """Half a minute, whose features nobody else's are like."""
    end_ms = start_ms + 30_000
    features = np.random.default_rng(start_ms).normal(size=(80, 3_000)).astype(np.float32)
    features[0, 0] = do
    return Passage(start_ms, end_ms, (), features, DecodeSettings(language="en"))


@dataclass(frozen=True)
class Untimely:
    """Work that notes a part of it which was at no time."""

    def do(self, models: Any) -> None:
        notes = noted()
        assert notes
        notes.parts.append(Part("odd", cast(int, None), 0))


class Stranger(RecognitionFailed):
    """Known to this program alone."""


class Fragile:
    """A recogniser that gives back what it was given."""

    facts = FACTS
    device, max_rows = "cpu", 4

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self._folder, self.workers = folder, workers

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        note(self._folder, f"run {' '.join(str(one.start_ms) for one in batch)}")
        with part("obey", **{"process.pid": os.getpid()}):
            for one in batch:
                self._obey(Do(int(one.features[0, 0])), one.start_ms)
        if any(one.features[0, 0] == Do.UNSENDABLE for one in batch):
            return cast(list[Any], lambda: None)
        return list(map(_recognised, batch))

    def run_alone(self, passage: Passage) -> Recognised:
        raise AssertionError("the server decides what runs alone")

    def close(self) -> None: ...

    def _obey(self, do: Do, start_ms: int) -> None:
        match do:
            case Do.ABORT:
                os.abort()
            case Do.FAULT:
                ctypes.string_at(0)
            case Do.HANG:
                ctypes.PyDLL(None).pause()
            case Do.RAISE:
                raise RecognitionFailed(start_ms, "it was told to")
            case Do.BREAK:
                raise RecognitionFailed(start_ms, "CUDA failed with error unspecified launch")
            case Do.SURPRISE:
                raise ZeroDivisionError("nobody foresaw it")
            case Do.STRANGE:
                raise Stranger(start_ms, "who am I?")
            case Do.SWELL:
                raise OutOfMemory(start_ms, "CUDA failed with error out of memory")
            case Do.MEET | Do.MEET_ONCE | Do.WAIT:
                self.meet(do)
            case Do.HEAR | Do.UNSENDABLE:
                pass

    def meet(self, do: Do) -> None:
        fifo = self._folder / "begun"
        if do is Do.MEET or fifo.exists():
            fifo.write_text(str(os.getpid()))
            match do:
                case Do.MEET:
                    ctypes.PyDLL(None).pause()
                case Do.MEET_ONCE:
                    threading.Event().wait()
                case Do.WAIT:
                    (self._folder / "go").read_text()


class Texts:
    """A translator that shouts, and ends at the word "abort"."""

    def load(self, package: Package) -> None:
        note(package.path, "load texts")

    def forget(self, package: Package) -> None:
        note(package.path, "forget texts")

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        note(package.path, f"translate {len(texts)}")
        if "abort" in texts:
            os.abort()
        return [(Hypothesis(text.upper(), 0.0),) for text in texts]


class FragileModels:
    """As the real ones are kept, but for what is loaded."""

    def __init__(self) -> None:
        self._models = DeviceModels(_opened)
        self._texts = Texts()

    def recogniser(self, spec: ModelSpec) -> Backend:
        return self._models.recogniser(spec)

    def forget(self, spec: ModelSpec) -> None:
        note(spec.path, f"forget {spec.name}")
        self._models.forget(spec)

    def texts(self, device: Device) -> Texts:
        return self._texts


def _opened(spec: ModelSpec) -> Fragile:
    """The name of a model says how its loading ends, and ``SEVERAL`` that it has three workers.

    Behind an "@" is the only device where it ends so.
    """
    note(spec.path, f"load {spec.name}")
    ending, _, device = spec.name.partition("@")
    match ending if device in {"", spec.device.label} else "":
        case "aborts":
            os.abort()
        case "meets":
            Fragile(spec.path).meet(Do.MEET_ONCE)
        case "waits":
            Fragile(spec.path).meet(Do.WAIT)
        case "damaged":
            raise ModelDamaged(spec.name, "model.bin is missing")
        case "too-large":
            raise DeviceUnavailable("cuda", "CUDA failed with error out of memory")
    return Fragile(spec.path, 3 if spec.name == SEVERAL else 1)


def note(folder: Path, line: str) -> None:
    with (folder / "diary").open("a") as diary:
        diary.write(f"{line}\n")


def _recognised(passage: Passage) -> Recognised:
    """One word, which says what its features were."""
    word = Word(sha256(passage.features.tobytes()).hexdigest(), passage.start_ms, passage.end_ms)
    facts = ChunkFacts(passage.start_ms, passage.end_ms, "en", -0.1, 0.0, 1.0, 1)
    return Recognised((word,), facts, 1.0)


if __name__ == "__main__":
    serve(called(), FragileModels())
