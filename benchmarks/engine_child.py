"""What does an engine child cost, beside the same model in threads?

Prints a table and writes benchmarks/results/engine_child.json. Run it from anywhere::

    .venv/bin/python benchmarks/engine_child.py

The demo model hears the demo film, a batch of four chunks at a time, in threads of this process and
in a child, on the CPU and one thread each, in rounds of shuffled order. The ratio is taken within a
round, over the same batches, and the words must be equal; processor time, of both processes, is
compared as well, since it depends less on what else the machine does. Beside it: what the way to
the child costs by itself, for a batch as a GPU would get it (16 chunks of 30 seconds), and how long
it takes until a killed child is replaced and has heard a batch.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from machine import Spread, in_turn
from polycue.domain.audio import Audio
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.request import DetectionOptions
from polycue.engine.backends.backend import Backend
from polycue.engine.backends.processes.arena import Arena, ArenaView
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.backends.threads import ThreadBackend
from polycue.engine.devices import choose
from polycue.speech.cut import cut
from polycue.speech.features import Features
from polycue.speech.passage import DecodeSettings, Passage

REPOSITORY = Path(__file__).resolve().parents[1]
MODEL = REPOSITORY / "demo" / "models" / "whisper" / "demo-en"
FILM = REPOSITORY / "demo" / "tour.mp4"
SEED = 20261127
BATCH = 4
GPU_BATCH, GPU_CHUNK_S = 16, 30
SETTINGS = DecodeSettings(language="en")

Batches = list[list[Passage]]


def batches(facts: ModelFacts) -> Batches:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(FILM)]
    command += ["-f", "f32le", "-ar", "16000", "-ac", "1", "-"]
    sound = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "f4")

    def blocks() -> Iterator[Audio]:
        for first in range(0, len(sound), 16_000):
            yield Audio(sound[first : first + 16_000], first // 16)

    chunks = list(cut(blocks(), DetectionOptions(), max_chunk_ms=10_000))
    features = Features(facts)
    passages = [features.passage(chunk, SETTINGS) for chunk in chunks]
    return [passages[first : first + BATCH] for first in range(0, len(passages), BATCH)]


def heard(backend: Backend, work: Batches) -> list[list[Recognised]]:
    return [backend.run(batch) for batch in work]


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def processor_s(pid: int) -> float:
    """Of this process and the child ``pid``, so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class Rounds:
    """Seconds for the film in each round."""

    wall: list[float]
    processor: list[float]


def compare(
    backends: dict[str, Backend], work: Batches, rounds: int, pid: int
) -> dict[str, Rounds]:
    found = {name: Rounds([], []) for name in backends}
    for name in in_turn(backends, rounds):
        before = processor_s(pid)
        found[name].wall.append(timed(partial(heard, backends[name], work)))
        found[name].processor.append(processor_s(pid) - before)
    return found


def carried(rounds: int) -> Spread:
    """Milliseconds until a GPU's batch has arrived at the other end of a wire."""
    length_ms = GPU_CHUNK_S * 1000
    frames = np.random.default_rng(SEED).normal(size=(128, length_ms // 10)).astype(np.float32)
    batch = [
        Passage(n * length_ms, (n + 1) * length_ms, (), frames + n, SETTINGS)
        for n in range(GPU_BATCH)
    ]
    one_end, other_end = socket.socketpair()
    arena = Arena()
    here, there = Wire(one_end, arena=arena), Wire(other_end, theirs=ArenaView(arena.descriptor))
    took = []
    for number in range(1 + rounds):
        sender = threading.Thread(target=here.send, args=(batch, number))

        def carry(sender: threading.Thread = sender) -> None:
            sender.start()
            there.receive()

        took.append(timed(carry) * 1000)
        sender.join()
        here.free(number)
    here.close()
    there.close()
    return Spread.of(took[1:], 4)  # the first touches memory that is new


def replaced(supervisor: Supervisor, backend: Backend, batch: list[Passage], rounds: int) -> Spread:
    """Seconds from the death of an idle child until its successor has heard a batch."""
    took = []
    for _ in range(rounds):
        if child := supervisor.child:
            os.kill(child.pid, signal.SIGKILL)
            child.wait(60)
        took.append(timed(lambda: backend.run(batch)))
    return Spread.of(took, 4)


@dataclass(frozen=True)
class Measured:
    batches: int
    same_words: bool
    film_s_in_threads: Spread
    child_over_threads: Spread
    child_over_threads_processor: Spread
    gpu_batch_one_way_ms: Spread
    replaced_s: Spread

    def __str__(self) -> str:
        words = "same" if self.same_words else "OTHER"
        return f"""\
the film, {self.batches} batches, in threads, s {self.film_s_in_threads}
child over threads, time           {self.child_over_threads}  {words} words
child over threads, processor time {self.child_over_threads_processor}
{GPU_BATCH} chunks of {GPU_CHUNK_S} s, one way, ms      {self.gpu_batch_one_way_ms}
a new child and its first batch, s {self.replaced_s}"""


def measured(rounds: int) -> Measured:
    device = choose("cpu", threads=1, workers=1)
    wish = Choose(device.kind, device.compute_type, device.index, device.threads)
    with contextlib.closing(
        Supervisor(wish, Pace(factor=20, least_s=600), begin=beginning())
    ) as supervisor:
        threads = ThreadBackend.open(MODEL, "demo-en", device)
        child = supervised_host([supervisor], "auto").open_recogniser(MODEL, "demo-en")[0]
        work = batches(threads.facts)
        same = heard(threads, work) == heard(child, work)  # also warms up
        pid = supervisor.child.pid if supervisor.child else 0
        found = compare({"threads": threads, "child": child}, work, rounds, pid)
        there, here = found["child"], found["threads"]
        return Measured(
            batches=len(work),
            same_words=same,
            film_s_in_threads=Spread.of(here.wall, 4),
            child_over_threads=Spread.of_ratio(there.wall, here.wall, 4),
            child_over_threads_processor=Spread.of_ratio(there.processor, here.processor, 4),
            gpu_batch_one_way_ms=carried(rounds),
            replaced_s=replaced(supervisor, child, work[0], min(5, rounds)),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    random.seed(SEED)
    found = measured(arguments.rounds)
    print(found)
    report = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "ctranslate2": version("ctranslate2"),
        "rounds": arguments.rounds,
        "seed": SEED,
        **asdict(found),
        "gpu_batch_bytes": GPU_BATCH * GPU_CHUNK_S * 16_000 * 4,
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / "engine_child.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target}")
    return 0 if found.same_words else 1


if __name__ == "__main__":
    sys.exit(main())
