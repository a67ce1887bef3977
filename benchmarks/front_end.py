"""What does it cost to bring an hour of a film's sound before the recogniser, stage by stage?

Prints a table and writes benchmarks/results/front_end.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/front_end.py [--minutes 20] [--rounds 7]

Everything runs on one core, to which the process and its children are pinned, in rounds of
shuffled order, and is measured in seconds of processor time for an hour of sound: ffmpeg (AAC,
48 kHz, stereo; with its sandbox), reading its pipe and mixing down, speech detection, cutting,
features; and all of it together, as a job does it. Detection stands beside faster-whisper's own on
the same sound; the ratio is taken within each round. First it is shown to be the same: every span
of both at several thresholds and shortest silences, and every decision of the network, on the made
film, on noise, music and silence, and on the recordings of real speech beside the repository
(``../shared/data/speech``, not ours to ship) where they are.

It ends with an error where a span differs, or where a figure misses its goal. The film is made
with eSpeak NG (Debian: apt-get install espeak-ng).
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

import machine
from front_end_same import (
    NO_CANCEL,
    REAL_SPEECH,
    SEED,
    Sameness,
    Samples,
    blocks_of,
    compare,
    sound_in,
    sounds_to_compare,
    spans,
    their_spans,
)
from machine import Spread, children_s
from polycue.domain.audio import SAMPLE_RATE_HZ, Span
from polycue.domain.chunk import Chunk, ModelFacts
from polycue.domain.media import AudioChoice
from polycue.domain.request import DetectionOptions
from polycue.media import arguments as ffmpeg_arguments
from polycue.media.downmix import Downmix
from polycue.media.probe import probe
from polycue.media.reading import Reading
from polycue.media.streams import choose_audio
from polycue.pipeline.sound import sound_of
from polycue.speech.cut import cut
from polycue.speech.features import Features
from soundtracks import espeak, film

REPOSITORY = Path(__file__).resolve().parents[1]
CHUNK_MS = 30_000
BLOCK_BYTES = SAMPLE_RATE_HZ * 2 * 4  # a second of stereo float32
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
GOAL_RATIO, GOAL_SPEED = 1.6, 220.0
STAGES = ("ffmpeg", "pipe and downmix", "detection", "cut", "features, 80 mels")
THEIRS = "detection, faster-whisper"
WHOLE = "all together, 80 mels"


Way = Callable[[], object]


def facts(mels: int) -> ModelFacts:
    return ModelFacts("none", ("en",), CHUNK_MS, translates=False, demo=False, mels=mels)


class Film:
    """What each stage is given, from the stage before it."""

    def __init__(self, path: Path) -> None:
        self.media = probe(path, cancel=NO_CANCEL)
        self.stream = choose_audio(self.media, AudioChoice())
        self.frames = list(self.stereo())
        self.sound = sound_in(path)
        self.blocks = list(blocks_of(self.sound))
        self.chunks = list(cut(self.blocks, DetectionOptions(), max_chunk_ms=CHUNK_MS))
        self.hours = len(self.sound) / SAMPLE_RATE_HZ / 3600

    def stereo(self) -> Iterator[Samples]:
        """Straight from ffmpeg, as ``decode`` reads it."""
        call = ffmpeg_arguments.pcm(self.media, self.stream.index, channels=2)
        with Reading(call, timeout_s=60, cancel=NO_CANCEL) as reading:
            while data := reading.read(BLOCK_BYTES):
                yield np.frombuffer(data, "<f4").reshape(-1, 2)
            reading.finish()

    def read(self) -> None:
        for _ in self.stereo():
            pass

    def mix_down(self) -> None:
        downmix = Downmix()
        for frames in self.frames:
            downmix.mono(frames)

    def detect(self) -> list[Span]:
        return spans(self.blocks, DetectionOptions())

    def detect_as_they_do(self) -> list[dict[str, int]]:
        return their_spans(self.sound, DetectionOptions())

    def cut(self) -> list[Chunk]:
        return list(cut(self.blocks, DetectionOptions(), max_chunk_ms=CHUNK_MS))

    def make_features(self, features: Features) -> None:
        for chunk in self.chunks:
            features.of(chunk)

    def all_together(self, features: Features) -> None:
        """In its thread, as a job has it, with the features made as the chunks come."""
        with sound_of(
            self.media,
            self.stream,
            DetectionOptions(),
            max_chunk_ms=CHUNK_MS,
            max_media_ms=None,
            cancel=NO_CANCEL,
            report=lambda event: None,
        ) as sound:
            for chunk in sound.chunks():
                features.of(chunk)


@dataclass
class Used:
    """Seconds of processor time of this process and of children that have ended."""

    own: float
    children: float


def used(way: Way) -> Used:
    children, own = children_s(), time.process_time()
    way()
    return Used(time.process_time() - own, children_s() - children)


def measure(given: Film, rounds: int) -> dict[str, list[float]]:
    """Seconds for an hour of sound by stage, in each round."""
    features = {mels: Features(facts(mels)) for mels in (80, 128)}
    ways: dict[str, Way] = {
        "ffmpeg": given.read,
        "downmix": given.mix_down,
        "detection": given.detect,
        THEIRS: given.detect_as_they_do,
        "cut": given.cut,
        **{f"features, {n} mels": partial(given.make_features, f) for n, f in features.items()},
        **{f"all together, {n} mels": partial(given.all_together, f) for n, f in features.items()},
    }
    found: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        seconds = {name: used(ways[name]) for name in random.sample(list(ways), len(ways))}
        if number:  # the first one warms up
            for stage, value in by_stage(seconds).items():
                found.setdefault(stage, []).append(value / given.hours)
    return found


def by_stage(seconds: dict[str, Used]) -> dict[str, float]:
    """Cutting detects as well, and who reads ffmpeg is not ffmpeg."""
    stages = {name: each.own + each.children for name, each in seconds.items()}
    stages["pipe and downmix"] = seconds["ffmpeg"].own + stages.pop("downmix")
    stages["ffmpeg"] = seconds["ffmpeg"].children
    stages["cut"] = max(0.0, stages["cut"] - stages["detection"])
    return stages


# The report.


def plot(found: dict[str, list[float]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 2.8), layout="constrained")
    for row, detection in enumerate((THEIRS, "detection")):
        left = 0.0
        for color, stage in enumerate(STAGES):
            median = statistics.median(found[detection if stage == "detection" else stage])
            bar = axes.barh(row, median, left=left, color=f"C{color}", label=stage)
            if median > 0.25:
                axes.bar_label(bar, labels=[f"{median:.1f}"], label_type="center", color="white")
            left += median
        axes.annotate(f" {3600 / left:.0f} x real time", (left, row), va="center")
    axes.set_yticks((0, 1), ("with faster-whisper's\ndetection", "polycue"))
    axes.margins(x=0.2)
    axes.set_xlabel("seconds of one core for an hour of sound")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles[: len(STAGES)], labels[: len(STAGES)], loc="outside upper center", ncols=5
    )
    figure.savefig(path, dpi=120)


def tell(found: dict[str, list[float]], same: Sameness) -> None:
    print("seconds of one core for an hour of sound")
    for stage, values in found.items():
        print(f"  {stage:<26} {Spread.of(values)}")
    print(
        f"{same.other_spans} of {same.spans} spans and {same.other_decisions} of"
        f" {same.decisions} decisions differ; the greatest difference of a probability is"
        f" {same.greatest_difference:.1e}; real speech: {any(REAL_SPEECH.glob('*'))}"
    )


def verdict(name: str, value: float, goal: float) -> bool:
    reached = value >= goal
    print(f"{name}: {value:.2f}, goal {goal:g}: {'reached' if reached else 'missed'}")
    return reached


def on_one_core() -> int:
    """Begin anew, for libraries count their threads when they are loaded."""
    core = max(os.sched_getaffinity(0))
    if len(os.sched_getaffinity(0)) > 1 or os.environ.get(ONE_THREAD[0]) != "1":
        os.sched_setaffinity(0, {core})
        env = os.environ | dict.fromkeys(ONE_THREAD, "1")
        os.execve(sys.executable, [sys.executable, *sys.argv], env)  # noqa: S606 - ourselves
    return core


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    core, described = on_one_core(), machine.described()
    random.seed(SEED)
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = film(Path(folder) / "film.m4a", minutes=arguments.minutes)
        except espeak.EspeakMissing as error:
            print(f"The benchmark speaks its own film, and cannot: {error}", file=sys.stderr)
            return 1
        given = Film(path)
        same = compare(sounds_to_compare(given.sound))
        found = measure(given, arguments.rounds)
    ratio = Spread.of_ratio(found[THEIRS], found["detection"])
    speed = Spread.of([3600 / value for value in found[WHOLE]])
    tell(found, same)
    reached = [
        verdict("detection over faster-whisper's", ratio.median, GOAL_RATIO),
        verdict("the front end, times real time on one core", speed.median, GOAL_SPEED),
        not same.other_spans,
    ]
    report = {
        **described,
        "core": core,
        "minutes": arguments.minutes,
        "rounds": arguments.rounds,
        "seed": SEED,
        "same": asdict(same),
        "core_s_an_hour": {stage: asdict(Spread.of(values)) for stage, values in found.items()},
        "detection_over_faster_whisper": asdict(ratio),
        "times_real_time": asdict(speed),
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "front_end.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(found, target.with_suffix(".png"))
    print(f"wrote {target}")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
