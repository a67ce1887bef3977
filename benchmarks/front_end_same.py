"""Is our speech detection the same as faster-whisper's, span for span and decision for decision?

front_end.py asks before it measures, on what it has made and on real speech where there is any.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLE_RATE_HZ, Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.media import AudioChoice
from polycue.domain.request import DetectionOptions
from polycue.media.decode import decode
from polycue.media.probe import probe
from polycue.media.streams import choose_audio
from polycue.speech.silero import WINDOW, Silero
from polycue.speech.vad import SpeechDetector

REAL_SPEECH = Path(__file__).resolve().parents[2] / "shared" / "data" / "speech"
SEED = 20261127
THRESHOLDS = [n / 20 for n in range(1, 20)]
NO_CANCEL = CancelToken()

Samples = NDArray[np.float32]


@dataclass
class Sameness:
    """What was compared with faster-whisper's, and what differed."""

    sounds: list[str]
    seconds: float = 0
    spans: int = 0
    other_spans: int = 0
    windows: int = 0
    decisions: int = 0
    other_decisions: int = 0
    greatest_difference: float = 0


def blocks_of(sound: Samples) -> Iterator[Audio]:
    for first in range(0, len(sound), SAMPLE_RATE_HZ):
        yield Audio(sound[first : first + SAMPLE_RATE_HZ], first * 1000 // SAMPLE_RATE_HZ)


def sound_in(path: Path) -> Samples:
    media = probe(path, cancel=NO_CANCEL)
    with decode(media, choose_audio(media, AudioChoice()), cancel=NO_CANCEL) as decoding:
        return np.concatenate([block.samples for block in decoding])


def compare(sounds: dict[str, Samples]) -> Sameness:
    same = Sameness([*sounds])
    for sound in sounds.values():
        same.seconds += len(sound) / SAMPLE_RATE_HZ
        compare_decisions(sound, same)
        for threshold, silence_ms in product((0.3, 0.5, 0.7), (0, 100, 300, 2000)):
            compare_spans(sound, DetectionOptions(threshold, silence_ms), same)
    return same


def compare_decisions(sound: Samples, same: Sameness) -> None:
    whole = sound[: len(sound) // WINDOW * WINDOW]
    silero = Silero()
    ours = np.concatenate([silero.probabilities(block) for block in whole_blocks(whole)])
    # One window more, for it silences the end of the last one.
    theirs: Samples = get_vad_model()(np.pad(whole, (0, WINDOW)))[:-1]
    same.windows += len(ours)
    for threshold in THRESHOLDS:
        same.decisions += len(ours)
        same.other_decisions += int(((ours >= threshold) != (theirs >= threshold)).sum())
    difference = float(np.abs(ours - theirs).max(initial=0))
    same.greatest_difference = max(same.greatest_difference, difference)


def whole_blocks(sound: Samples) -> Iterable[Samples]:
    return np.split(sound, range(31 * WINDOW, len(sound), 31 * WINDOW))


def compare_spans(sound: Samples, options: DetectionOptions, same: Sameness) -> None:
    if len(sound) % WINDOW == 0:
        sound = sound[:-1]  # theirs hears a window more of whole ones, and may end speech in it
    ours = [(span.start_ms, span.end_ms) for span in spans(blocks_of(sound), options)]
    theirs = [(s["start"] // 16, s["end"] // 16) for s in their_spans(sound, options)]
    same.spans += len(theirs)
    same.other_spans += len(set(ours) ^ set(theirs))


def spans(blocks: Iterable[Audio], options: DetectionOptions) -> list[Span]:
    detector = SpeechDetector(options)
    return [span for block in blocks for span in detector.feed(block)] + detector.finish()


def their_spans(sound: Samples, options: DetectionOptions) -> list[dict[str, int]]:
    wishes = VadOptions(
        threshold=options.threshold,
        min_silence_duration_ms=options.min_silence_ms,
        speech_pad_ms=0,
    )
    found: list[dict[str, int]] = get_speech_timestamps(sound.copy(), wishes)  # it writes into it
    return found


def sounds_to_compare(made: Samples) -> dict[str, Samples]:
    """The made film, half a minute of what is no speech, and real speech where there is any."""
    rng, at_s = np.random.default_rng(SEED), np.arange(30 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tones = [np.sin(2 * np.pi * hertz * at_s) for hertz in (220, 277.2, 329.6)]
    music = np.sum(tones, axis=0) * 0.2 * (0.5 + 0.5 * np.sin(4 * np.pi * at_s))
    sounds = {
        "film": made,
        "noise": rng.normal(0, 0.1, len(at_s)),
        "music": music,
        "silence": np.zeros(len(at_s)),
    }
    for path in sorted(REAL_SPEECH.glob("*.*")):
        sounds[f"real speech, {path.name}"] = sound_in(path)
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}
