"""Real models: the demo recogniser, and tiny Whispers with random weights and the true geometry."""

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from polycue.domain.audio import Audio
from polycue.speech.whisper import Whisper

Samples = NDArray[np.float32]
DEMO_EN = Path("demo/models/whisper/demo-en")


@pytest.fixture(scope="session")
def demo_whisper(repository: Path) -> Whisper:
    return load(repository / DEMO_EN, "demo-en")


@pytest.fixture(scope="session")
def benchmark_models(repository: Path) -> ModuleType:
    """``benchmarks`` is no package of the distribution, and its modules find each other there."""
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        return importlib.import_module("models")
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="session")
def random_whisper(
    benchmark_models: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Whisper]:
    """``random_whisper(128)``: what it says means nothing; mels, window and tokens are true."""
    models = benchmark_models
    made: dict[int, Whisper] = {}

    def make(mels: int) -> Whisper:
        if mels not in made:
            geometry = models.Geometry(
                mels, width=64, heads=2, encoder_layers=1, decoder_layers=2,
                languages=100 if mels == 128 else 99,
            )  # fmt: skip
            folder = tmp_path_factory.mktemp("models") / f"random-{mels}"
            made[mels] = load(models.write_whisper(folder, geometry), f"random-{mels}")
        return made[mels]

    return make


@pytest.fixture(scope="session")
def decoded() -> Callable[[Path], Samples]:
    """The sound of a file as one array, by the plainest ffmpeg call there is."""

    def decode(path: Path) -> Samples:
        command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path)]
        command += ["-f", "f32le", "-ar", "16000", "-ac", "1", "-"]
        return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "f4")

    return decode


@pytest.fixture(scope="session")
def blocks() -> Callable[[Samples], Iterator[Audio]]:
    def divide(samples: Samples) -> Iterator[Audio]:
        for first in range(0, len(samples), 16_000):
            yield Audio(samples[first : first + 16_000], first // 16)

    return divide


def load(folder: Path, name: str) -> Whisper:
    return Whisper.load(folder, name, device="cpu", device_index=0, compute_type="int8", threads=2)
