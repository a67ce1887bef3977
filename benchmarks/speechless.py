"""Sound without speech from fixed seeds, for ``hallucination.py``: noise, music, near-silence."""

from collections.abc import Callable
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

SEED = 20261126
RATE_HZ = 16_000
MINUTES_OF_EACH = 10
PIECE_S = 20

Samples = NDArray[np.float32]
EVENT_S = np.arange(RATE_HZ) / RATE_HZ  # the seconds of a knock or a note, one at most
# A sound, from a generator and the seconds of its samples.
Make = Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]]


def coloured(exponent: float) -> Make:
    """Noise whose power falls with the frequency: 0 is white, 1 pink, 2 brown."""

    def make(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        spectrum = np.fft.rfft(rng.standard_normal(len(at_s)))
        hertz = np.fft.rfftfreq(len(at_s), 1 / RATE_HZ)
        spectrum /= np.maximum(hertz, 20) ** (exponent / 2)
        noise = np.fft.irfft(spectrum, len(at_s))
        return level(noise, rng.uniform(0.01, 0.2))

    return make


def wind(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Brown noise that swells and falls at the pace of syllables and slower."""
    swell = 1 + np.sin(2 * np.pi * rng.uniform(0.2, 5) * at_s) * rng.uniform(0.3, 1)
    return coloured(2)(rng, at_s) * swell


def clatter(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Short knocks that ring for a moment."""
    sound = np.zeros_like(at_s)
    for start_s in rng.uniform(0, at_s[-1], 60):
        ring = tone(EVENT_S, rng.uniform(200, 3000), overtones=1)
        add(sound, start_s, ring * np.exp(-EVENT_S * rng.uniform(20, 90)))
    return level(sound, rng.uniform(0.05, 0.15))


def chords(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Held triads, each note with overtones."""
    sound = np.zeros_like(at_s)
    for start_s in np.arange(0, at_s[-1], 2):
        root_hz = 110 * 2 ** (rng.integers(0, 24) / 12)
        held_s = np.arange(2 * RATE_HZ) / RATE_HZ
        for step in (0, 4, 7):
            note = tone(held_s, root_hz * 2 ** (step / 12), overtones=6)
            add(sound, start_s, note * np.sin(np.pi * held_s / 2) ** 0.5)
    return level(sound, rng.uniform(0.03, 0.2))


def melody(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Plucked notes, three a second."""
    sound = np.zeros_like(at_s)
    for start_s in np.arange(0, at_s[-1], 1 / 3):
        hertz = 220 * 2 ** (rng.choice([0, 2, 4, 7, 9, 12]) / 12)
        add(sound, start_s, tone(EVENT_S, hertz, overtones=4) * np.exp(-4 * EVENT_S))
    return level(sound, rng.uniform(0.03, 0.2))


def hummed(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is nearest to a voice: gliding tones with vibrato through two formants."""
    steps = 150 * 2 ** (rng.integers(0, 12, int(at_s[-1] * 2) + 2) / 12)
    pitch_hz = np.interp(at_s, np.arange(len(steps)) / 2, steps)
    pitch_hz *= 1 + 0.02 * np.sin(2 * np.pi * 5.5 * at_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    sound = np.zeros_like(at_s)
    for overtone in range(1, 20):
        hertz = pitch_hz * overtone
        formants = sum(np.exp(-(((hertz - f) / 150) ** 2)) for f in (600, 1100))
        sound += (formants + 0.05) * np.sin(overtone * phase)
    return level(sound * (0.6 + 0.4 * np.sin(2 * np.pi * 0.7 * at_s)), rng.uniform(0.03, 0.2))


def drums(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    sound = np.zeros_like(at_s)
    for beat, start_s in enumerate(np.arange(0, at_s[-1], 0.25)):
        snare = beat % 4 == 2
        body = rng.standard_normal(len(EVENT_S)) if snare else tone(EVENT_S, 60, overtones=2)
        add(sound, start_s, body * np.exp(-25 * EVENT_S))
    return level(sound, rng.uniform(0.05, 0.2))


def silence(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.zeros_like(at_s)


def hiss(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return level(rng.standard_normal(len(at_s)), rng.uniform(0.0003, 0.003))


def hum(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mains hum under a faint hiss."""
    return level(tone(at_s, rng.choice([50, 60]), overtones=5), 0.01) + hiss(rng, at_s)


def room(rng: np.random.Generator, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Room tone with a thump now and then."""
    return level(coloured(1)(rng, at_s), 0.003) + clatter(rng, at_s) * 0.1


SOUNDS: dict[str, tuple[Make, ...]] = {
    "noise": (coloured(0), coloured(1), coloured(2), wind, clatter),
    "music": (chords, melody, hummed, drums),
    "silence": (silence, hiss, hum, room),
}


def tone(at_s: NDArray[np.float64], hertz: float, *, overtones: int) -> NDArray[np.float64]:
    parts = (np.sin(2 * np.pi * hertz * n * at_s) / n for n in range(1, overtones + 1))
    return np.sum(list(parts), axis=0)


def add(sound: NDArray[np.float64], start_s: float, event: NDArray[np.float64]) -> None:
    """Mix the event in, as far as it reaches before the end."""
    first = int(start_s * RATE_HZ)
    room = sound[first : first + len(event)]
    room += event[: len(room)]


def level(sound: NDArray[np.float64], loudness: float) -> NDArray[np.float64]:
    """The sound at an effective loudness, 1 being full scale."""
    power = float(np.sqrt(np.mean(sound**2)))
    return sound * (loudness / power) if power else sound


def half_hour() -> dict[str, Samples]:
    """Each kind of sound for ten minutes."""
    rng = np.random.default_rng(SEED)
    at_s = np.arange(PIECE_S * RATE_HZ) / RATE_HZ
    made = {}
    for kind, makers in SOUNDS.items():
        turns = cycle(makers)
        pieces = [next(turns)(rng, at_s) for _ in range(MINUTES_OF_EACH * 60 // PIECE_S)]
        made[kind] = np.clip(np.concatenate(pieces), -1, 1).astype(np.float32)
    return made
