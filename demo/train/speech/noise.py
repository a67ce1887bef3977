"""Sound without speech: noises to mix in, and whole windows in which nobody speaks."""

import random

import numpy as np
from demo.train.speech.corpus import SAMPLE_RATE_HZ
from numpy.typing import NDArray

_LENGTH_S = 80


class Noise:
    """Four minutes-long noises of unit loudness: white, pink, brownish, and a band at 1.5 kHz."""

    def __init__(self) -> None:
        length = SAMPLE_RATE_HZ * _LENGTH_S
        white = np.random.default_rng(0).standard_normal(length)
        spectrum = np.fft.rfft(white)
        bins = np.arange(len(spectrum)) + 1.0
        hertz = bins / _LENGTH_S
        band = np.exp(-(((hertz - 1500) / 1200) ** 2))
        shapes = (np.ones_like(bins), bins**-0.5, bins**-0.8, band)
        self._kinds = [_unit(np.fft.irfft(spectrum * shape)) for shape in shapes]

    def cut(self, rng: random.Random, length: int) -> NDArray[np.float32]:
        kind = rng.choice(self._kinds)
        first = rng.randrange(len(kind) - length)
        return kind[first : first + length]


def without_speech(rng: random.Random, noise: Noise, length: int) -> NDArray[np.float32]:
    """Tones, noise, clicks or nothing."""
    kind = rng.random()
    if kind < 0.45:
        return _tones(rng, length)
    if kind < 0.75:
        return noise.cut(rng, length) * np.float32(10 ** rng.uniform(-5, -0.8))
    if kind < 0.85:
        return _clicks(rng, noise, length)
    return np.zeros(length, np.float32)


def _tones(rng: random.Random, length: int) -> NDArray[np.float32]:
    time_s = np.arange(length) / SAMPLE_RATE_HZ
    samples = np.zeros(length, np.float32)
    for _ in range(rng.choice((1, 1, 2, 3, 4))):
        hertz = np.exp(rng.uniform(np.log(60), np.log(6000)))
        phase = 2 * np.pi * hertz * time_s
        movement = rng.random()
        if 0.5 <= movement < 0.7:  # a sweep
            phase = 2 * np.pi * hertz * (time_s + rng.uniform(-0.03, 0.03) * time_s**2)
        elif movement >= 0.7:  # vibrato, up to what sounds like music
            phase += rng.uniform(0.5, 8) * np.sin(2 * np.pi * rng.uniform(0.5, 9) * time_s)
        tone = np.sin(phase + rng.random() * 6)
        if rng.random() < 0.3:
            tone = np.sign(tone) * 0.5
        if rng.random() < 0.5:  # beeps
            beat = np.sin(2 * np.pi * rng.uniform(0.2, 4) * time_s + rng.random() * 6)
            tone = tone * (beat > rng.uniform(-0.8, 0.8))
        samples += (10 ** rng.uniform(-2, -0.4) * tone).astype(np.float32)
    if rng.random() < 0.4:
        samples[: rng.randrange(length)] = 0
    return samples


def _clicks(rng: random.Random, noise: Noise, length: int) -> NDArray[np.float32]:
    samples = np.zeros(length, np.float32)
    click = 400
    decay = np.exp(-np.arange(click) / 60).astype(np.float32)
    for _ in range(rng.randint(1, 12)):
        first = rng.randrange(length - click)
        loudness = np.float32(rng.uniform(0.02, 0.8))
        samples[first : first + click] += noise.cut(rng, click) * decay * loudness
    return samples


def _unit(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (samples / samples.std()).astype(np.float32)
    return unit
