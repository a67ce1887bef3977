"""A voice made of arithmetic: Silero takes it for speech, no synthesiser is needed."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLE_RATE_HZ, Audio

Samples = NDArray[np.float32]
Recording = Callable[..., Samples]
Blocks = Callable[..., Iterator[Audio]]


def _voice(seconds: int) -> Samples:
    """A buzz with a moving pitch through three moving formants, loud four times a second."""
    time = np.arange(seconds * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    pitch = 120 + 25 * np.sin(2 * np.pi * 2.1 * time) + 10 * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    formants = (
        (500 + 250 * np.sin(2 * np.pi * 3.3 * time), 80),
        (1500 + 600 * np.sin(2 * np.pi * 2.7 * time + 1), 120),
        (2500 + 200 * np.sin(2 * np.pi * 1.9 * time), 160),
    )
    sound = np.zeros(len(time))
    for harmonic in range(1, 32):
        loudness = sum(1 / (1 + ((harmonic * pitch - f) / width) ** 2) for f, width in formants)
        sound += loudness / harmonic**0.5 * np.sin(harmonic * phase)
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time)
    return (0.15 * sound * syllables).astype(np.float32)


@pytest.fixture(scope="session")
def recording() -> Recording:
    """``recording(500, 2000, 700)``: silence, speech, silence and so on, each so many ms."""
    voice, room = _voice(60), np.random.default_rng(7)

    def make(*lengths_ms: int) -> Samples:
        parts = []
        for index, length_ms in enumerate(lengths_ms):
            count = length_ms * SAMPLE_RATE_HZ // 1000
            speaks = index % 2 == 1
            parts.append(np.resize(voice, count) if speaks else np.zeros(count, np.float32))
        sound = np.concatenate(parts)
        noise = room.standard_normal(len(sound)).astype(np.float32) * 0.0005
        return np.clip(sound + noise, -1, 1).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def blocks() -> Blocks:
    def divide(samples: Samples, size: int = 16_000, start_ms: int = 0) -> Iterator[Audio]:
        for first in range(0, len(samples), size):
            yield Audio(samples[first : first + size], start_ms + first // 16)

    return divide
