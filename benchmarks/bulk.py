"""Does one command keep a server, or a cluster behind it, full?

Prints a table and writes benchmarks/results/bulk.json. Run it from anywhere::

    .venv/bin/python benchmarks/bulk.py [--films 400] [--rounds 3]

A folder of films of 1 MiB goes through ``polycue subtitle --recursive`` to a real server that works
on so many films at once (its places), each for a fixed time that costs no processor: what a cluster
of such a size looks like from outside. Busy is the share of time that the places are at work, from
when all of them first were until the last film began, so that neither the start nor the end counts.
Beside it, in the same rounds, is one film after the other (``--jobs 1``), over fewer films.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine
from machine import Spread

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "bulk.json"
WAIT_S = 600
FILM_BYTES = 1024 * 1024
ALONE = 12  # films for one after the other
ENV = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(str(REPOSITORY / each) for each in ("service", "clients")),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How many films are at work at once, and how long each is."""

    places: int
    service_s: float

    def __str__(self) -> str:
        return f"{self.places} at once, {self.service_s:g} s each"


SHAPES = (Shape(2, 0.5), Shape(8, 0.5), Shape(32, 2.0), Shape(64, 4.0))


@contextmanager
def server(folder: Path, shape: Shape) -> Iterator[str]:
    ready, tell = os.pipe()
    env = {
        **ENV,
        "POLYCUE_BENCH_SERVICE_S": str(shape.service_s),
        "POLYCUE_BENCH_TIMES": str(folder / "times"),
        "POLYCUE_BENCH_READY_FD": str(tell),
        "POLYCUE_LISTEN": "127.0.0.1:0",
        "POLYCUE_DATA_DIR": str(folder / "data"),
        "POLYCUE_MAX_RUNNING_JOBS": str(shape.places),
        "POLYCUE_LOG_LEVEL": "error",
    }
    program = REPOSITORY / "benchmarks" / "bulk_server.py"
    with subprocess.Popen(
        [sys.executable, program], env=env, pass_fds=[tell], stderr=subprocess.DEVNULL
    ) as process:
        os.close(tell)
        try:
            with os.fdopen(ready) as told:
                yield told.readline().strip()
        finally:
            process.terminate()
            process.wait(WAIT_S)


def films(folder: Path, count: int) -> Path:
    top = folder / "films"
    for number in range(count):
        season = top / f"s{number // 50:02d}"
        season.mkdir(parents=True, exist_ok=True)
        (season / f"e{number:04d}.mkv").write_bytes(os.urandom(FILM_BYTES))
    return top


def subtitled_s(folder: Path, top: Path, address: str, *flags: str) -> float:
    command = ["-m", "polycue_client", "subtitle", str(top), "--recursive", *flags]
    began_s = time.perf_counter()
    subprocess.run(
        [sys.executable, *command, "--server", address],
        env={**ENV, "XDG_STATE_HOME": str(folder / "state")},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=WAIT_S,
    )
    return time.perf_counter() - began_s


def busy(times: Path, shape: Shape) -> float:
    """0 to 1: between when all places first were at work and when the last film began."""
    spans = [tuple(map(float, line.split())) for line in times.read_text().splitlines()]
    begins = sorted(begin for begin, _ in spans)
    since, until = begins[shape.places - 1], begins[-1]
    worked = sum(max(0.0, min(end, until) - max(begin, since)) for begin, end in spans)
    return worked / (shape.places * (until - since))


def most_at_once(times: Path) -> int:
    """So that nobody takes a server for larger than it was."""
    moments = []
    for line in times.read_text().splitlines():
        begin, end = map(float, line.split())
        moments += [(begin, 1), (end, -1)]
    level = most = 0
    for _, step in sorted(moments):
        level += step
        most = max(most, level)
    return most


@dataclass(frozen=True, slots=True)
class Found:
    busy: float
    films_a_second: float
    alone_a_second: float
    at_once: int


def one_round(shape: Shape, count: int) -> Found:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        top = films(folder, count)
        with server(folder, shape) as address:
            took_s = subtitled_s(folder, top, address)
            shared, at_once = busy(folder / "times", shape), most_at_once(folder / "times")
            alone = films(folder / "alone", ALONE)
            alone_s = subtitled_s(folder, alone, address, "--jobs", "1")
    return Found(shared, count / took_s, ALONE / alone_s, at_once)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    wishes = parser.parse_args()
    rounds = {shape: list[Found]() for shape in SHAPES}
    described = machine.described()
    for _ in range(wishes.rounds):
        for shape in SHAPES:
            rounds[shape].append(one_round(shape, wishes.films))
    rows = []
    for shape, found in rounds.items():
        row: dict[str, Any] = {
            "places": shape.places,
            "service_s": shape.service_s,
            "busy": asdict(Spread.of([each.busy for each in found])),
            "films_a_second": asdict(Spread.of([each.films_a_second for each in found])),
            "over_one_by_one": asdict(
                Spread.of([each.films_a_second / each.alone_a_second for each in found])
            ),
            "at_once": max(each.at_once for each in found),
        }
        rows.append(row)
        shared, pace = row["busy"]["median"], row["films_a_second"]["median"]
        print(f"{shape}: busy {shared:.1%}, {pace:.1f} films/s")
    content = {**described, "films": wishes.films, "rounds": wishes.rounds, "shapes": rows}
    RESULTS.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
