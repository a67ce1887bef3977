"""Does a server under load still answer? 200 watchers, 50 uploads, jobs, and one who asks.

Starts ``polycue serve`` on loopback with the demo models, gives it films, lets 200 streams watch
them to their ends and 50 callers upload at once, and asks its health every tenth of a second from a
process of its own. Prints how long the answers took and what memory the server held, and writes
benchmarks/results/load.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/load.py [--watchers 200] [--uploads 50] [--jobs 6]

Server, callers and whoever asks share the machine's cores, so the figures are pessimistic. It ends
with an error where an answer took a second or more, or a job or an upload did not end well.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client import aio, requests
from polycue_client.outcome import has_ended
from server_process import server_process

REPOSITORY = Path(__file__).resolve().parents[1]
FILM = REPOSITORY / "demo" / "tour.mp4"
MIB = 1024 * 1024
UPLOAD_BYTES = 8 * MIB
ASK_EVERY_S = 0.1
MOST_S = 1.0  # what a health check may take
STREAMS_A_CONNECTION = 50  # a server lets 200 through one; watchers are not all of one caller


@dataclass
class Answers:
    """What whoever asks has seen: seconds since the start, and seconds until the answer."""

    at_s: list[float] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    resident_bytes: list[int] = field(default_factory=list)


def ask(address: str, pid: int, until_told: Connection) -> None:
    """Ask for health until told to stop, then send what was seen. Runs in a process of its own."""
    answers, began = Answers(), time.monotonic()
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while not until_told.poll(ASK_EVERY_S):
            asked = time.monotonic()
            stub.Check(health_pb2.HealthCheckRequest(), timeout=30)
            answers.took_s.append(time.monotonic() - asked)
            answers.at_s.append(asked - began)
            answers.resident_bytes.append(resident_bytes(pid))
    until_told.send(answers)


def resident_bytes(pid: int) -> int:
    """Of a process and all its children."""
    total = 0
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            total = int(line.split()[1]) * 1024
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text(encoding="utf-8").split():
                total += resident_bytes(int(child))
    return total


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int]]:
    """A server with the demo models: its address and process."""
    models, run = folder / "models", [sys.executable, "-m", "polycue_client"]
    subprocess.run(
        [*run, "models", "import", "--models-dir", models, REPOSITORY / "demo" / "models"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    flags = (f"--data-dir={folder / 'data'}", f"--models-dir={models}")
    with server_process(*flags, log=folder / "server.log") as (address, pid):
        yield address, pid


@contextlib.contextmanager
def asking(address: str, pid: int) -> Iterator[Answers]:
    """Answers fill in when the block ends."""
    answers = Answers()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    asker = multiprocessing.get_context("spawn").Process(target=ask, args=(address, pid, theirs))
    asker.start()
    try:
        yield answers
    finally:
        ours.send(None)
        seen = ours.recv()
        asker.join()
        answers.at_s, answers.took_s = seen.at_s, seen.took_s
        answers.resident_bytes = seen.resident_bytes


async def watch(polycue: aio.AsyncPolycue, name: str) -> int:
    """How many events a watcher got; the job must have succeeded."""
    count, last = 0, jobs_pb2.Job()
    async with contextlib.aclosing(polycue.watch(name, include_cues=True)) as events:
        async for event in events:
            count += 1
            last = event.job if event.HasField("job") else last
    if not has_ended(last) or last.state != jobs_pb2.JOB_STATE_SUCCEEDED:
        raise SystemExit(f"{name} did not succeed: {last.failure.message}")
    return count


async def load(address: str, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    large = folder / "large.bin"
    await asyncio.to_thread(large.write_bytes, os.urandom(UPLOAD_BYTES))
    async with contextlib.AsyncExitStack() as stack:

        async def clients(streams: int) -> list[aio.AsyncPolycue]:
            count = -(-streams // STREAMS_A_CONNECTION)
            return [await stack.enter_async_context(aio.connect(address)) for _ in range(count)]

        (owner,) = await clients(1)
        source = media_pb2.MediaSource(upload=(await owner.upload(FILM)).name)
        spec = requests.subtitle_spec(source, translate_to=["es", "de"], formats=["srt", "vtt"])
        # Fresh: or the first one's results would answer for all.
        films = [await owner.create_job(spec, fresh=True) for _ in range(given.jobs)]
        began = time.monotonic()
        watching = await clients(given.watchers)
        sending = await clients(given.uploads)
        watchers = [
            watch(watching[n % len(watching)], films[n % len(films)].name)
            for n in range(given.watchers)
        ]
        uploads = [sending[n % len(sending)].upload(large) for n in range(given.uploads)]
        sent = asyncio.create_task(timed(uploads))
        events = await asyncio.gather(*watchers)
        uploaded_s = await sent
    return {
        "seconds": round(time.monotonic() - began, 1),
        "events": sum(events),
        "uploads_seconds": round(uploaded_s, 1),
        "uploads_mib_per_second": round(given.uploads * UPLOAD_BYTES / MIB / uploaded_s, 1),
    }


async def timed(work: Sequence[Any]) -> float:
    began = time.monotonic()
    await asyncio.gather(*work)
    return time.monotonic() - began


def measure(given: argparse.Namespace) -> tuple[dict[str, Any], Answers]:
    with tempfile.TemporaryDirectory(prefix="polycue-load-") as name:
        folder = Path(name)
        with serving(folder) as (address, pid), asking(address, pid) as answers:
            done = asyncio.run(load(address, folder, given))
    ordered = sorted(answers.took_s)
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "watchers": given.watchers,
        "uploads": given.uploads,
        "upload_mib": UPLOAD_BYTES // MIB,
        "jobs": given.jobs,
        **done,
        "health": {
            "asked": len(ordered),
            "p50_ms": round(statistics.median(ordered) * 1000, 1),
            "p99_ms": round(ordered[int(0.99 * (len(ordered) - 1))] * 1000, 1),
            "max_ms": round(ordered[-1] * 1000, 1),
        },
        "resident_mib": {
            "before": answers.resident_bytes[0] // MIB,
            "most": max(answers.resident_bytes) // MIB,
            "after": answers.resident_bytes[-1] // MIB,
        },
    }, answers


def plot(answers: Answers, target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (above, below) = pyplot.subplots(2, figsize=(9, 6), layout="constrained", sharex=True)
    above.plot(answers.at_s, [s * 1000 for s in answers.took_s], ".", color="#1b4965")
    above.axhline(MOST_S * 1000, color="#f2a65a")
    above.set_yscale("log")
    above.set_ylabel("answer to a health check, ms")
    below.plot(answers.at_s, [held / MIB for held in answers.resident_bytes], color="#5fa8d3")
    below.set_ylim(0)
    below.set_ylabel("server and its children, MiB")
    below.set_xlabel("seconds")
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=120)
    pyplot.close(figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--watchers", type=int, default=200)
    parser.add_argument("--uploads", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    given = parser.parse_args()
    report, answers = measure(given)
    print(json.dumps(report, indent=2))
    given.results.mkdir(parents=True, exist_ok=True)
    (given.results / "load.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(answers, given.results / "load.png")
    print("wrote load.json and load.png", file=sys.stderr)
    return int(max(answers.took_s) >= MOST_S)


if __name__ == "__main__":
    raise SystemExit(main())
