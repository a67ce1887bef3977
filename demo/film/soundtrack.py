"""The film's narration as one recording, with the true time of every sentence in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from demo.film.narration import Scene
from demo.train import espeak
from demo.train.espeak import SAMPLE_RATE_HZ, Voice
from demo.train.grammar import Sentence
from numpy.typing import NDArray

OPENING_MS = 3500  # the title stands alone
BETWEEN_SCENES_MS = 3000  # within a scene a line begins at the earliest after its own pause
ENDING_MS = 4000
_LOUDNESS = 0.7  # room for the overshoot of a lossy codec
_EDGE_MS = 5  # faded, so that cutting espeak's silence away does not click


@dataclass(frozen=True, slots=True)
class SpokenLine:
    sentence: Sentence
    voice: Voice
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """``samples``: float32 of shape (n,) in [-1, 1] at 22,050 Hz. Scene i ends where i+1 begins."""

    samples: NDArray[np.float32]
    lines: tuple[SpokenLine, ...]
    scene_starts_ms: tuple[int, ...]

    @property
    def length_ms(self) -> int:
        return len(self.samples) * 1000 // SAMPLE_RATE_HZ

    @property
    def scene_spans_ms(self) -> list[tuple[int, int]]:
        return list(pairwise((*self.scene_starts_ms, self.length_ms)))


def record(scenes: Sequence[Scene]) -> Soundtrack:
    """Speak all scenes.

    Raises:
        EspeakMissing: eSpeak NG's library is not on this machine.
    """
    pieces: list[tuple[int, NDArray[np.float32]]] = []
    lines: list[SpokenLine] = []
    scene_starts_ms = [0]
    now_ms = OPENING_MS
    for number, scene in enumerate(scenes):
        if number:
            scene_starts_ms.append(now_ms + BETWEEN_SCENES_MS // 2)
            now_ms += BETWEEN_SCENES_MS
        for place, line in enumerate(scene.lines):
            now_ms += line.pause_ms if place else 0
            voice = _voice_only(espeak.speak(line.sentence.en, scene.narrator))
            end_ms = now_ms + len(voice) * 1000 // SAMPLE_RATE_HZ
            pieces.append((now_ms, voice))
            lines.append(SpokenLine(line.sentence, scene.narrator, now_ms, end_ms))
            now_ms = end_ms
    samples = np.zeros((now_ms + ENDING_MS) * SAMPLE_RATE_HZ // 1000, np.float32)
    for start_ms, piece in pieces:
        first = start_ms * SAMPLE_RATE_HZ // 1000
        samples[first : first + len(piece)] += piece
    return Soundtrack(samples, tuple(lines), tuple(scene_starts_ms))


def _voice_only(speech: espeak.Speech) -> NDArray[np.float32]:
    first = speech.start_ms * SAMPLE_RATE_HZ // 1000
    last = speech.end_ms * SAMPLE_RATE_HZ // 1000
    voice = speech.samples[first:last].astype(np.float32) * (_LOUDNESS / 32768)
    ramp = np.linspace(0, 1, _EDGE_MS * SAMPLE_RATE_HZ // 1000, dtype=np.float32)
    voice[: len(ramp)] *= ramp
    voice[-len(ramp) :] *= ramp[::-1]
    return voice
