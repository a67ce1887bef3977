"""What is written where nobody speaks, and whether the defence ever costs a spoken word.

Prints tables and writes benchmarks/results/hallucination.json. Run it from anywhere::

    .venv/bin/python benchmarks/hallucination.py

Half an hour without speech is made from fixed seeds: noises, music-like synthesis, near-silence. It
goes through the whole pipeline with the demo model, as a user's file would; and once more without
the speech detector, ten seconds after ten seconds, since nothing reaches the model otherwise. Then
clean speech, the demo film and sentences the model never met, is heard with
and without the defence: a word that only the defence took away is a false deletion. The sentences
need eSpeak NG's library (Debian: apt-get install espeak-ng).
"""

import argparse
import hashlib
import json
import platform
import statistics
import sys
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import cycle
from pathlib import Path

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

from polycue.cues.layout import layout
from polycue.cues.presets import rules_for
from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.cue import Cue
from polycue.domain.defence import Remedy, Verdict
from polycue.domain.request import (
    DefenceOptions,
    DetectionOptions,
    InputFile,
    LayoutOptions,
    SpeechOptions,
    SubtitleTask,
)
from polycue.domain.transcript import text_of
from polycue.engine.devices import choose
from polycue.engine.recogniser import Recogniser
from polycue.pipeline.pipeline import Pipeline
from polycue.speech.cut import cut
from polycue.testing.engines import recogniser_in_threads
from polycue.testing.translator import FakeTranslator

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train import espeak  # noqa: E402
from demo.train.speech import corpus, heldout  # noqa: E402

SEED = 20261126
RATE_HZ = 16_000
MINUTES_OF_EACH = 10
PIECE_S = 20
CLIPS = 120  # of one or two sentences, in voices the model knows and as many in others
ROUNDS = 5  # of the film, with the defence and without it in turn
CHUNK_MS = 10_000  # the demo model's window
ON_OFF = {True: "on", False: "off"}
ON, OFF = DefenceOptions(), DefenceOptions(enabled=False)

Samples = NDArray[np.float32]
EVENT_S = np.arange(RATE_HZ) / RATE_HZ  # the seconds of a knock or a note, one at most
Make = Callable[[np.random.Generator, NDArray[np.float64]], NDArray[np.float64]]


# Sounds: each from a generator and the seconds of its samples.


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


# Where nobody speaks.


@dataclass(frozen=True, slots=True)
class Nothing:
    """What became of sound without speech.

    ``cues_without_speech`` are those during which faster-whisper's detector hears nobody.
    """

    sound: str
    detector: bool
    defence: bool
    minutes: float
    chunks: int
    words: int
    cues: int
    cues_per_hour: float
    cues_without_speech: int
    remedies: dict[str, int]


def hear_nothing(
    recogniser: Recogniser, sound: str, samples: Samples, *, detector: bool, defence: bool
) -> Nothing:
    options = SpeechOptions(defence=ON if defence else OFF)
    found = (subtitled if detector else taken_for_speech)(recogniser, samples, options)
    hours = len(samples) / RATE_HZ / 3600
    return Nothing(
        sound=sound,
        detector=detector,
        defence=defence,
        minutes=round(hours * 60, 3),
        chunks=found.chunks,
        words=sum(len(cue.words) for cue in found.cues),
        cues=len(found.cues),
        cues_per_hour=round(len(found.cues) / hours, 2),
        cues_without_speech=unbacked(found.cues, samples),
        remedies=dict(Counter(verdict.remedy.value for verdict in found.verdicts)),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one sound."""

    cues: tuple[Cue, ...]
    chunks: int
    verdicts: tuple[Verdict, ...]


def subtitled(recogniser: Recogniser, samples: Samples, options: SpeechOptions) -> Found:
    """Through the whole pipeline, from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        task = SubtitleTask(InputFile(path, path.name), speech=options, formats=())
        pipeline = Pipeline(recogniser, FakeTranslator())
        result = pipeline.run(
            task, workdir=Path(folder), cancel=CancelToken(), report=lambda event: None
        )
    transcript = result.transcript
    if transcript is None:
        raise RuntimeError("a film has a transcript")
    return Found(result.tracks[0].cues, len(transcript.chunks), transcript.defence)


def taken_for_speech(recogniser: Recogniser, samples: Samples, options: SpeechOptions) -> Found:
    """Every ten seconds as if somebody spoke throughout."""
    step = CHUNK_MS * RATE_HZ // 1000
    starts = range(0, len(samples), step)
    pieces = [Audio(samples[at : at + step], at * 1000 // RATE_HZ) for at in starts]
    whole = [Chunk(piece, (Span(piece.start_ms, piece.end_ms),)) for piece in pieces]
    results = list(recogniser.transcribe(iter(whole), options, cancel=CancelToken()))
    words = [word for result in results for word in result.words]
    verdicts = tuple(verdict for result in results for verdict in result.verdicts)
    return Found(layout(words, rules_for(LayoutOptions(), "en", None)), len(whole), verdicts)


def unbacked(cues: Sequence[Cue], samples: Samples) -> int:
    """Cues during which faster-whisper's own detector, on the whole sound at once, hears nobody."""
    if not cues:
        return 0
    vad = VadOptions(min_silence_duration_ms=300, speech_pad_ms=0)
    spans = [(s["start"] // 16, s["end"] // 16) for s in get_speech_timestamps(samples, vad)]
    return sum(
        not any(start < cue.end_ms and cue.start_ms < end for start, end in spans) for cue in cues
    )


# Where somebody does.


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
    import subprocess  # of ffmpeg, to read the film's sound

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


# The report.


@contextmanager
def demo_recogniser(models: Path, threads: int) -> Iterator[Recogniser]:
    made = recogniser_in_threads((models / "whisper").joinpath, choose("cpu", threads=threads))
    try:
        made.facts()
        yield made
    finally:
        made.close()


def measure_nothing(recogniser: Recogniser) -> list[Nothing]:
    rows = []
    print(f"{'sound':8} {'detector':>8} {'defence':>7} {'chunks':>6} {'words':>6} {'cues':>5}"
          f" {'an hour':>8} {'no speech':>9}")  # fmt: skip
    sounds = half_hour()
    for detector in (True, False):
        for sound, samples in sounds.items():
            for defence in (True, False):
                row = hear_nothing(recogniser, sound, samples, detector=detector, defence=defence)
                rows.append(row)
                print(f"{row.sound:8} {ON_OFF[detector]:>8} {ON_OFF[defence]:>7}"
                      f" {row.chunks:6} {row.words:6} {row.cues:5} {row.cues_per_hour:8}"
                      f" {row.cues_without_speech:9}  {row.remedies or ''}")  # fmt: skip
    return rows


def measure_clean(recogniser: Recogniser) -> list[Clean]:
    rows = []
    print(f"\n{'clean speech':34} {'minutes':>7} {'words':>6} {'lost':>5} {'suspected':>9}")
    for material, recordings in clean_speech().items():
        row = hear_clean(recogniser, material, recordings)
        rows.append(row)
        print(f"{material:34} {row.minutes:7} {row.words:6} {row.words_lost:5}"
              f" {row.words_suspected:9}  {row.remedies or ''}")  # fmt: skip
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", type=Path, default=REPOSITORY / "demo" / "models")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with demo_recogniser(arguments.models, arguments.threads) as recogniser:
        nothing = measure_nothing(recogniser)
        try:
            clean = measure_clean(recogniser)
        except espeak.EspeakMissing as error:
            print(f"The benchmark speaks its own material, and cannot: {error}", file=sys.stderr)
            return 1
        ratios = cost(recogniser, film())
    print(f"\nthe film takes {statistics.median(ratios):.3f} times the work with the defence"
          f" ({min(ratios)} to {max(ratios)})")  # fmt: skip
    weights = arguments.models / "whisper" / "demo-en" / "model.bin"
    report = {
        "seed": SEED,
        "model_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "versions": {name: version(name) for name in ("ctranslate2", "faster-whisper", "numpy")},
        "machine": f"{platform.machine()}, {arguments.threads} threads",
        "compute_type": "int8",
        "without_speech": [asdict(row) for row in nothing],
        "clean_speech": [asdict(row) for row in clean],
        "film_cpu_ratios": ratios,
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "hallucination.json"
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
