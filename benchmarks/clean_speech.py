"""What the defence takes away from clean speech, and what it costs, for ``hallucination.py``."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from polycue.domain.audio import Audio
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.defence import Remedy
from polycue.domain.request import DefenceOptions, DetectionOptions, SpeechOptions
from polycue.domain.transcript import text_of
from polycue.engine.recogniser import Recogniser
from polycue.speech.cut import cut
from speechless import RATE_HZ, Samples

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train.speech import corpus, heldout  # noqa: E402

CLIPS = 120  # of one or two sentences, in voices the model knows and as many in others
ROUNDS = 5  # of the film, with the defence and without it in turn
CHUNK_MS = 10_000  # the demo model's window
ON, OFF = DefenceOptions(), DefenceOptions(enabled=False)


@dataclass(frozen=True, slots=True)
class Clean:
    """``words_lost`` were heard without the defence, and are not there with it."""

    material: str
    minutes: float
    words: int
    words_lost: int
    chunks_changed: int
    words_suspected: int
    remedies: dict[str, int]


def hear_clean(recogniser: Recogniser, material: str, recordings: Sequence[Samples]) -> Clean:
    lost = changed = suspected = words = 0
    remedies: Counter[str] = Counter()
    for samples in recordings:
        for plain, defended in zip(
            heard(recogniser, samples, OFF), heard(recogniser, samples, ON), strict=True
        ):
            words += len(plain.words)
            suspected += sum(word.suspect for word in defended.words)
            remedies.update(verdict.remedy.value for verdict in defended.verdicts)
            cut_away = [
                v for v in defended.verdicts if v.remedy in (Remedy.DROPPED, Remedy.COLLAPSED)
            ]
            lost += sum(len(v.text.split()) - len(v.replacement.split()) for v in cut_away)
            if not cut_away and text_of(plain.words) != text_of(defended.words):
                changed += 1
    return Clean(
        material=material,
        minutes=round(sum(map(len, recordings)) / RATE_HZ / 60, 2),
        words=words,
        words_lost=lost,
        chunks_changed=changed,
        words_suspected=suspected,
        remedies=dict(remedies),
    )


def heard(recogniser: Recogniser, samples: Samples, defence: DefenceOptions) -> list[Recognised]:
    options = SpeechOptions(defence=defence)
    return list(recogniser.transcribe(chunks(samples), options, cancel=CancelToken()))


def chunks(samples: Samples) -> Iterator[Chunk]:
    blocks = (
        Audio(samples[at : at + RATE_HZ], at * 1000 // RATE_HZ)
        for at in range(0, len(samples), RATE_HZ)
    )
    return cut(blocks, DetectionOptions(), max_chunk_ms=CHUNK_MS)


def cost(recogniser: Recogniser, samples: Samples) -> list[float]:
    """How many times the processor time without the defence the film takes with it, by rounds."""
    ready = list(chunks(samples))
    ratios = []
    for number in range(ROUNDS):
        seconds = {}
        order = (True, False) if number % 2 else (False, True)
        for defence in order:
            options = SpeechOptions(defence=ON if defence else OFF)
            began = time.process_time()
            list(recogniser.transcribe(iter(ready), options, cancel=CancelToken()))
            seconds[defence] = time.process_time() - began
        ratios.append(round(seconds[True] / seconds[False], 4))
    return ratios


def film() -> Samples:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(REPOSITORY / "demo" / "tour.mp4")]
    command += ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1", "-"]
    sound = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(sound, np.float32)


def clean_speech() -> dict[str, list[Samples]]:
    seen, unseen = corpus.TRAINED_VARIANTS, corpus.UNSEEN_VARIANTS
    return {
        "the demo film": [film()],
        "held-out sentences, seen voices": _clips("seen", seen),
        "held-out sentences, unseen voices": _clips("unseen", unseen),
    }


def _clips(name: str, variants: Sequence[str]) -> list[Samples]:
    return [clip.samples for clip in heldout.make_clips(name, variants, CLIPS, None)]
