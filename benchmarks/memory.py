"""Does memory grow with the length of a film or the number of jobs, and time faster than the film?

Prints a table and writes benchmarks/results/memory.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/memory.py [--hours 10] [--unit-minutes 15] [--rounds 3] [--jobs 200]

*Length*: films of ten minutes and of ten hours go through the whole pipeline (ffmpeg, detection,
cutting, features, batches, cues, a translation, files in three formats), each in a process of its
own, with a stand-in for the model that takes features and answers at once: the most that process
held, alone and together with ffmpeg, and the most that ffmpeg held. The same with the demo model,
ten minutes against an hour. *Time*: films of 1, 2, 4, 8 and 16 units, in rounds of shuffled order.
*Jobs*: a server with the demo models does one short job after the other, two at a time, and is
looked at after each. With ``--demo-minutes 0`` or ``--rounds 0`` that part is left out.

It ends with an error where the long film needs 150 MB more than the short one, 16 times the film
more than 16.5 times the time, or the server holds 15 MB more in the last quarter of the jobs than
in the second. The films are made with eSpeak NG (Debian: apt-get install espeak-ng).
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import machine
from load import serving
from memory_film import Run, status_mib
from polycue.api.v1 import media_pb2
from polycue_client import aio, requests
from soundtracks import espeak, film

REPOSITORY = Path(__file__).resolve().parents[1]
CHILD = Path(__file__).with_name("memory_film.py")
SEED = 20261127
TIMES = (1, 2, 4, 8, 16)
SHORT_MINUTES = 10
CLIP_S, AT_ONCE = 12, 2
MOST_MIB, MOST_TIMES, MOST_MIB_OF_JOBS = 143, 16.5, 14  # 150 and 15 MB


def run_apart(folder: Path, minutes: float, name: str) -> Run:
    path = folder / f"{minutes:g}.m4a"
    if not path.is_file():
        film(path, minutes=minutes)
    command = [sys.executable, str(CHILD), str(path), f"{minutes:g}", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    run = Run(**json.loads(done.stdout))
    print(
        f"  {name:<9} {run.minutes:6g} min  {run.seconds:7.2f} s  first cue {run.first_cue_s:.2f}"
        f"  most {run.most_mib:.0f} MiB, ffmpeg {run.ffmpeg_mib:.0f}, both {run.together_mib:.0f}",
        flush=True,
    )
    return run


def growth(folder: Path, given: argparse.Namespace) -> dict[int, list[Run]]:
    units: dict[int, list[Run]] = {times: [] for times in TIMES}
    for times in machine.in_turn(TIMES, given.rounds):
        units[times].append(run_apart(folder, times * given.unit_minutes, "stand-in"))
    return units


async def many_jobs(address: str, pid: int, clip: Path, jobs: int) -> list[float]:
    """What the server holds after each job, in MiB; its children end with their films."""
    held: list[float] = []
    async with aio.connect(address) as polycue:
        source = media_pb2.MediaSource(upload=(await polycue.upload(clip)).name)
        spec = requests.subtitle_spec(source, translate_to=["es"], formats=["srt", "vtt", "json"])
        left = iter(range(jobs))

        async def work() -> None:
            for _ in left:  # fresh: or the first one's results would answer for all
                await polycue.wait(await polycue.create_job(spec, fresh=True))
                held.append(status_mib("VmRSS", pid))

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return held


def held_by_server(folder: Path, jobs: int) -> list[float]:
    clip = folder / "clip.mp4"
    tour = REPOSITORY / "demo" / "tour.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-i", tour, "-t", str(CLIP_S), "-c", "copy", clip]
    subprocess.run(command, check=True)
    with serving(folder) as (address, pid):
        return asyncio.run(many_jobs(address, pid, clip, jobs))


def grown_mib(held: Sequence[float]) -> float:
    """From the second quarter of the jobs to the last; in the first one a server gets warm."""
    quarter = len(held) // 4
    return statistics.median(held[-quarter:]) - statistics.median(held[quarter : 2 * quarter])


def plot(
    units: dict[int, list[Run]], lengths: Sequence[Run], held: Sequence[float], path: Path
) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(12, 3.4), layout="constrained")
    for run in (run for runs in units.values() for run in runs):
        left.plot(run.minutes / 60, run.seconds, ".", color="#1b4965")
    left.set(xlabel="hours of film", ylabel="seconds", xlim=0, ylim=0)
    middle.bar(
        [f"{run.minutes:g} min" for run in lengths],
        [run.most_mib for run in lengths],
        color="#5fa8d3",
    )
    middle.bar_label(middle.containers[0], fmt="%.0f")
    middle.set_ylabel("most that a process held, MiB")
    right.plot(range(1, len(held) + 1), held, color="#5fa8d3")
    right.set(xlabel="jobs done by one server", ylabel="the server holds, MiB", ylim=0)
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def verdict(name: str, value: float, most: float) -> bool:
    reached = value <= most
    print(f"{name}: {value:.2f}, at most {most:g}: {'reached' if reached else 'missed'}")
    return reached


def measure(folder: Path, given: argparse.Namespace) -> bool:
    described = machine.described()
    lengths = [run_apart(folder, m, "stand-in") for m in (SHORT_MINUTES, given.hours * 60)]
    demo = []
    if given.demo_minutes:
        demo = [run_apart(folder, m, "demo") for m in (SHORT_MINUTES, given.demo_minutes)]
    units = growth(folder, given) if given.rounds else {}
    held = held_by_server(folder, given.jobs)
    report = {
        **described,
        "rounds": given.rounds,
        "seed": SEED,
        "lengths": [asdict(run) for run in lengths],
        "demo_model": [asdict(run) for run in demo],
        "more_mib": more_mib(lengths, demo),
        "units": {n: [asdict(run) for run in runs] for n, runs in units.items()},
        "times_the_time": times_of_one(units, "seconds"),
        "times_the_processor_time": times_of_one(units, "processor_s"),
        "held_after_each_job_mib": held,
        "held_more_in_last_quarter_mib": round(grown_mib(held), 1),
    }
    given.results.mkdir(parents=True, exist_ok=True)
    target = given.results / "memory.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(units, lengths, held, target.with_suffix(".png"))
    print(f"wrote {target}")
    return all(verdicts(report, given))


def more_mib(lengths: Sequence[Run], demo: Sequence[Run]) -> dict[str, float]:
    more = {
        "stand-in": lengths[1].most_mib - lengths[0].most_mib,
        "with_ffmpeg": lengths[1].together_mib - lengths[0].together_mib,
    }
    if demo:
        more["demo"] = demo[1].most_mib - demo[0].most_mib
    return {name: round(value, 1) for name, value in more.items()}


def times_of_one(units: dict[int, list[Run]], what: str) -> dict[int, float]:
    medians = {n: statistics.median(getattr(run, what) for run in r) for n, r in units.items()}
    return {n: round(value / medians[1], 2) for n, value in medians.items()}


def verdicts(report: dict[str, Any], given: argparse.Namespace) -> list[bool]:
    more, times = report["more_mib"], report["times_the_time"]
    grown = report["held_more_in_last_quarter_mib"]
    found = [
        verdict(f"MiB more for {given.hours:g} h than for 10 min", more["stand-in"], MOST_MIB),
        verdict("the same with its ffmpeg", more["with_ffmpeg"], MOST_MIB),
        verdict("MiB more in the last quarter of the jobs", grown, MOST_MIB_OF_JOBS),
    ]
    if "demo" in more:
        name = f"MiB more for {given.demo_minutes:g} min, demo model"
        found.append(verdict(name, more["demo"], MOST_MIB))
    if times:
        name = f"times the time for {TIMES[-1]} times the film"
        found.append(verdict(name, times[TIMES[-1]], MOST_TIMES))
        worked = report["times_the_processor_time"][TIMES[-1]]
        print(f"times the processor time for {TIMES[-1]} times the film: {worked:.2f}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hours", type=float, default=10)
    parser.add_argument("--demo-minutes", type=float, default=60)
    parser.add_argument("--unit-minutes", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    given = parser.parse_args()
    random.seed(SEED)
    with tempfile.TemporaryDirectory(prefix="polycue-memory-") as folder:
        try:
            return int(not measure(Path(folder), given))
        except espeak.EspeakMissing as error:
            print(f"The benchmark speaks its own films, and cannot: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
