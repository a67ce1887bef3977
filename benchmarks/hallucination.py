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
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from faster_whisper.vad import VadOptions, get_speech_timestamps

from polycue import telemetry
from polycue.cues.layout import layout
from polycue.cues.presets import rules_for
from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.domain.cue import Cue
from polycue.domain.defence import Verdict
from polycue.domain.request import (
    InputFile,
    LayoutOptions,
    SpeechOptions,
    SubtitleTask,
)
from polycue.engine.devices import choose
from polycue.engine.recogniser import Recogniser
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.engines import recogniser_in_threads
from polycue.testing.translator import FakeTranslator

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))  # demo/ is no installed package

from demo.train import espeak  # noqa: E402

from clean_speech import CHUNK_MS, OFF, ON, Clean, clean_speech, cost, film, hear_clean  # noqa: E402
from speechless import RATE_HZ, SEED, Samples, half_hour  # noqa: E402

ON_OFF = {True: "on", False: "off"}


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
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
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
