"""Films' sound of any length for measuring, spoken by eSpeak NG over silence, noise and music.

Nothing is spoken in every fifth part. A longer film is a shorter one over and over, copied packet
by packet, so ten hours take a second to make. It is no benchmark; some of them import it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY)]
from demo.train import espeak  # noqa: E402
from demo.train.espeak import SAMPLE_RATE_HZ, Voice  # noqa: E402

SEED = 20261127
PART_S = 30
BEDS = ("none", "room", "music", "crowd")
VOICES = {
    "en": (Voice("en-gb-x-rp+m7", 150, 45), Voice("en-us+f2", 155), Voice("en-us+m3", 190, 30)),
    "es": (Voice("es+f3", 160), Voice("es-419+m1", 175, 40)),
    "de": (Voice("de+m2", 150), Voice("de+f4", 165, 60)),
}
PAUSES_S = (0.1, 0.25, 0.5, 0.8, 1.5, 3.0)
SPEECH_LEVEL, BED_LEVEL = 0.25, 0.04

Samples = NDArray[np.float32]


def film(path: Path, *, minutes: float, unit_minutes: float = 10) -> Path:
    """A film of AAC, 48 kHz, stereo, without a picture; ``path`` ends in .m4a.

    Raises:
        EspeakMissing: libespeak-ng is not installed.
    """
    unit = path.with_name(f"unit-{unit_minutes:g}.m4a")
    if not unit.is_file():
        _encode(soundtrack(min(minutes, unit_minutes) * 60), unit)
    _ffmpeg("-stream_loop", "-1", "-i", unit, "-t", minutes * 60, "-c", "copy", path)
    return path


def soundtrack(seconds: float) -> Samples:
    """Mono at 22,050 Hz, the same each time."""
    rng = np.random.default_rng(SEED)
    count = round(seconds * SAMPLE_RATE_HZ)
    parts: list[Samples] = []
    speech = _speech(rng)
    for index in range(-(-count // (PART_S * SAMPLE_RATE_HZ))):
        bed = _bed(BEDS[index % len(BEDS)], rng)
        parts.append(bed if index % 5 == 4 else bed + _filled(speech))
    return np.clip(np.concatenate(parts)[:count], -1, 1).astype(np.float32)


def _speech(rng: np.random.Generator) -> Iterator[Samples]:
    """Sentence after sentence, with the pause behind each."""
    sentences = json.loads((REPOSITORY / "demo" / "script.json").read_text("utf-8"))["sentences"]
    while True:
        for sentence in sentences:
            language = str(rng.choice(list(VOICES)))
            voice = VOICES[language][rng.integers(len(VOICES[language]))]
            said = espeak.speak(sentence[language], voice).samples.astype(np.float32) / 2**15
            level = SPEECH_LEVEL * rng.uniform(0.3, 1) / max(float(np.abs(said).max()), 1e-3)
            yield said * level
            yield np.zeros(round(rng.choice(PAUSES_S) * SAMPLE_RATE_HZ), np.float32)


def _filled(speech: Iterator[Samples]) -> Samples:
    part, at = np.zeros(PART_S * SAMPLE_RATE_HZ, np.float32), 0
    while at < len(part):
        piece = next(speech)[: len(part) - at]
        part[at : at + len(piece)] = piece
        at += len(piece)
    return part


def _bed(kind: str, rng: np.random.Generator) -> Samples:
    count = PART_S * SAMPLE_RATE_HZ
    noise = rng.standard_normal(count).astype(np.float32)
    if kind == "none":
        return np.zeros(count, np.float32)
    if kind == "room":
        return noise * BED_LEVEL * 0.1
    at_s = np.arange(count) / SAMPLE_RATE_HZ
    if kind == "crowd":
        swell = 1 + 0.6 * np.sin(2 * np.pi * 3.1 * at_s) * np.sin(2 * np.pi * 0.7 * at_s)
        return (np.convolve(noise, np.ones(12) / 12, "same") * swell * BED_LEVEL).astype(np.float32)
    roots = np.repeat(110 * 2 ** (rng.integers(0, 24, PART_S // 2 + 1) / 12), 2 * SAMPLE_RATE_HZ)
    chord = sum(np.sin(2 * np.pi * roots[:count] * step * at_s) for step in (1, 1.26, 1.5, 2, 3))
    return (np.asarray(chord) * BED_LEVEL / 3).astype(np.float32)


def _encode(sound: Samples, path: Path) -> None:
    raw = ("-f", "f32le", "-ar", SAMPLE_RATE_HZ, "-ac", 1, "-i", "pipe:0")
    coded = ("-ar", 48_000, "-ac", 2, "-c:a", "aac", "-b:a", "128k")
    _ffmpeg(*raw, *coded, path, stdin=sound.tobytes())


def _ffmpeg(*arguments: object, stdin: bytes | None = None) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=stdin, check=True)
