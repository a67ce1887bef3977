"""What all benchmarks do alike: name the machine, take turns, and tell how figures spread."""

import os
import platform
import random
import resource
import statistics
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

PACKAGES = ("polycue", "faster-whisper", "ctranslate2", "onnxruntime", "numpy")


def described(device: str = "cpu") -> dict[str, Any]:
    """What a result must name to mean anything. ``load`` is that of the last minute."""
    return {
        "hardware": hardware(device),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def hardware(device: str = "cpu") -> str:
    """The name of the processor, or of the GPU."""
    if device == "cuda":
        ask = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def children_s() -> float:
    """Seconds of processor time of children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def processor_s() -> float:
    """Seconds of this process and of its children that have ended."""
    return time.process_time() + children_s()


def in_turn(ways: Collection[T], rounds: int) -> Iterator[T]:
    """All ways in each round, in a new order every time: none gains by what comes before it."""
    for _ in range(rounds):
        yield from random.sample(list(ways), len(ways))


@dataclass(frozen=True)
class Spread:
    """Of all rounds."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float], digits: int = 3) -> "Spread":
        low, middle, high = min(values), statistics.median(values), max(values)
        return cls(round(low, digits), round(middle, digits), round(high, digits))

    @classmethod
    def of_ratio(cls, over: Sequence[float], under: Sequence[float], digits: int = 3) -> "Spread":
        """Within each round."""
        return cls.of([a / b for a, b in zip(over, under, strict=True)], digits)

    def __str__(self) -> str:
        return f"{self.median:8g}  ({self.least:g} to {self.greatest:g})"
