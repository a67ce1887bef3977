"""Held-out material to judge a recogniser by: spoken clips with true word times, and no speech."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from demo.train import espeak, grammar
from demo.train.speech import corpus
from demo.train.speech.corpus import SAMPLE_RATE_HZ
from numpy.typing import NDArray

_NOISE = 0.002  # the loudness of white noise under everything
_ROOM_S = 6  # a sentence begins only where a recording still has room for the longest one

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    start_s: float
    exact: bool  # eSpeak NG timed this word itself, not together with a neighbour


@dataclass(frozen=True, slots=True)
class Clip:
    """``samples``: mono float32 in [-1, 1] at 16 kHz."""

    samples: Samples
    sentences: tuple[str, ...]
    words: tuple[SpokenWord, ...]

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def length_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


def make_clips(
    name: str, variants: Sequence[str], count: int, length_s: float | None
) -> list[Clip]:
    """One or two sentences each, or as many as fit into ``length_s``."""
    rng = random.Random(name)
    return [_clip(rng, variants, 1 + number % 2, length_s) for number in range(count)]


def _clip(
    rng: random.Random, variants: Sequence[str], sentences: int, length_s: float | None
) -> Clip:
    voice = corpus.random_voice(rng, variants)
    pieces: list[Samples] = [_silence(rng.uniform(0, 0.8))]
    texts: list[str] = []
    words: list[SpokenWord] = []
    at_s = len(pieces[0]) / SAMPLE_RATE_HZ
    while at_s < length_s - _ROOM_S if length_s else len(texts) < sentences:
        speech = espeak.speak(grammar.held_out_sentence(rng).en, voice)
        samples: Samples = corpus.voice_only(speech).astype(np.float32) / np.float32(32768)
        pause = _silence(rng.uniform(0.2, 1.2))
        words += [
            SpokenWord(word.text, at_s + max(0, word.start_ms - speech.start_ms) / 1000, word.exact)
            for word in speech.words
        ]
        texts.append(speech.text)
        pieces += [samples, pause]
        at_s += (len(samples) + len(pause)) / SAMPLE_RATE_HZ
    whole = np.concatenate(pieces)
    noise = np.random.default_rng(rng.randrange(2**32)).standard_normal(len(whole))
    return Clip(whole + noise.astype(np.float32) * _NOISE, tuple(texts), tuple(words))


def _silence(length_s: float) -> Samples:
    samples: Samples = np.zeros(int(length_s * SAMPLE_RATE_HZ), np.float32)
    return samples


def sounds_without_speech() -> dict[str, Samples]:
    time_s = np.arange(6 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    noise = np.random.default_rng(1).standard_normal(len(time_s))
    tone = np.sin(2 * np.pi * 440 * time_s)
    chord = np.sin(2 * np.pi * np.outer((262, 330, 392), time_s)).sum(0)
    beeps = np.sin(2 * np.pi * 800 * time_s) * (np.sin(2 * np.pi * 1.5 * time_s) > 0)
    sounds = {
        "silence": np.zeros_like(time_s),
        "faint noise": noise * 0.01,
        "loud noise": noise * 0.1,
        "tone": tone * 0.2,
        "chord": chord * 0.1,
        "beeps": beeps * 0.4,
    }
    return {name: samples.astype(np.float32) for name, samples in sounds.items()}
