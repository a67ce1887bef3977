"""How soon is everything there: help, the client, a server that is ready, and its first clip?

Prints a table and writes benchmarks/results/start.json. Run it from anywhere::

    .venv/bin/python benchmarks/start.py [--rounds 7]

Each is a new process, in rounds of shuffled order: ``polycue --help``, ``import polycue_client``,
and ``polycue serve`` with the demo models on the CPU, in threads and in an engine child, timed from
its start until it answers (its address is told) and until health says that transcription is served.
Then it is given the same clip of ten seconds three times, one after the other: had the first one
still something to load, it would take longer than the third. All that is read has been read before,
so disks do not count; compiled Python is there, as ``pip`` leaves it.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import machine
from health import wait_until_served
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue_client import connect

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "start.json"
FILM = REPOSITORY / "demo" / "tour.mp4"
POLYCUE = ("-c", "from polycue_client.cli import main; main()")  # what the command is
SERVER = ("answers", "serving", "first_clip", "third_clip")
CLIP_S, CLIPS = 10, 3
GOALS_S = {"help": 0.3, "client": 0.15, "serving": 3.0}
WAIT_S = 120
SEED = 20261127
ENV = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(str(REPOSITORY / each) for each in ("service", "clients")),
}


@dataclass(slots=True)
class Seconds:
    """All measurements of one kind."""

    all: list[float] = field(default_factory=list)

    def told(self) -> dict[str, float]:
        return {
            "median_s": round(statistics.median(self.all), 3),
            "least_s": round(min(self.all), 3),
            "most_s": round(max(self.all), 3),
        }


def in_child(name: str) -> str:
    return f"{name}_in_child"


def taken_s(*arguments: str) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=ENV, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began_s


@contextmanager
def server(folder: Path, models: Path, engine: str) -> Iterator[tuple[str, float, float]]:
    """A server; its address, and seconds until it answered and until it served."""
    ready, tell = os.pipe()
    flags = ["--listen=127.0.0.1:0", f"--ready-fd={tell}", "--device=cpu", "--log-level=warning"]
    flags += [f"--data-dir={folder}", f"--models-dir={models}", f"--engine={engine}"]
    began_s = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *POLYCUE, "serve", *flags],
        env=ENV,
        pass_fds=[tell],
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(tell)
        try:
            with os.fdopen(ready) as told:
                address = told.readline().strip()
            answers_s = time.perf_counter() - began_s
            wait_until_served(address)
            yield address, answers_s, time.perf_counter() - began_s
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(WAIT_S)
            process.kill()


def clip(folder: Path) -> bytes:
    path = folder / "clip.flac"
    options = ("-loglevel", "error", "-t", str(CLIP_S), "-i", str(FILM), "-vn", str(path))
    subprocess.run(["ffmpeg", *options], check=True)
    return path.read_bytes()


def heard_s(address: str, media: bytes) -> list[float]:
    seconds = []
    with connect(address) as polycue:
        for _ in range(CLIPS):
            began_s = time.perf_counter()
            polycue.transcribe(media)
            seconds.append(time.perf_counter() - began_s)
    return seconds


def measured(folder: Path, rounds: int) -> dict[str, Seconds]:
    found = {name: Seconds() for name in ("help", "client", *SERVER, *map(in_child, SERVER))}
    models, media = folder / "models", clip(folder)
    import_models(REPOSITORY / "demo" / "models", ModelStore(models))
    chance = random.Random(SEED)

    def serve(engine: str) -> None:
        with (
            tempfile.TemporaryDirectory(dir=folder) as data,
            server(Path(data), models, engine) as (address, answers_s, serving_s),
        ):
            clips = heard_s(address, media)
        for name, seconds in zip(SERVER, (answers_s, serving_s, *clips[::2]), strict=True):
            found[name if engine == "threads" else in_child(name)].all.append(seconds)

    works: list[Callable[[], None]] = [
        lambda: found["help"].all.append(taken_s(*POLYCUE, "--help")),
        lambda: found["client"].all.append(taken_s("-c", "import polycue_client")),
        lambda: serve("threads"),
        lambda: serve("child"),
    ]
    for number in range(rounds + 1):  # the first only reads all from the disk
        for work in chance.sample(works, len(works)):
            work()
        if number == 0:
            for seconds in found.values():
                seconds.all.clear()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print JSON, and write no file")
    wishes = parser.parse_args()
    described = machine.described()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), wishes.rounds)
    clips = zip(found["first_clip"].all, found["third_clip"].all, strict=True)
    content = {
        **described,
        "rounds": wishes.rounds,
        "goals_s": GOALS_S,
        **{name: seconds.told() for name, seconds in found.items()},
        "first_over_third_clip": round(statistics.median(a / b for a, b in clips), 2),
    }
    text = json.dumps(content, indent=2)
    if not wishes.json:
        RESULTS.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
