"""What does a Ray cluster cost a batch, and what does a second worker buy?

Prints a table and writes benchmarks/results/ray_cluster.json. It starts clusters of its own on
loopback, with the tests' help. Run it from the repository's folder::

    PYTHONPATH=tests .venv/bin/python benchmarks/ray_cluster.py

(1) The cost: batches of full rows, one after the other, to models that take a fixed time and no
processor (``polycue.testing.timed``), in threads of this process, in a child and in an actor, in
rounds of shuffled order. What a batch takes beyond its fixed time is what the way there and back
costs; to any other process it grows with the sound that is carried, 0.96 MB a row, and what Ray has
to do with it is the difference to a child. (2) The load that no core bounds: films, cut and made
into features for real, through the real batcher to such models in one actor and in two. (3) The
load that is real: copies of the demo film through servers with the demo models, whose actors have a
core each, in one actor and in two. There everything else, decoding, features and the server itself,
wants the same cores.
"""

import argparse
import contextlib
import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import machine
from machine import Spread
from polycue.api.v1 import media_pb2
from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.domain.request import SpeechOptions
from polycue.engine.backends.backend import Backend, Host
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.ray.asked import Hello, Needs
from polycue.engine.backends.ray.begin import Actors
from polycue.engine.backends.supervised.child import Begin
from polycue.engine.backends.supervised.host import elastic_host, supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.devices import Device
from polycue.engine.recogniser import Recogniser
from polycue.speech.passage import DecodeSettings, Passage
from polycue.testing.engines import recogniser_with
from polycue.testing.timed import BRIDGE, CHILD, TimedBackend
from support.demo import FILM, import_models
from support.fleet import Fleet, Server, python_path
from support.ray_cluster import Cluster, running_cluster

REPOSITORY = Path(__file__).resolve().parents[1]
SEED = 20261128
MOST_OVERHEAD_MS, MOST_RATIO = 15.0, 0.6  # the goals
CHUNK_S = 30
SERVICE_MS = 50
FILM_SERVICE_MS, FILMS, CHUNKS = 400, 4, 24
CPU = Choose("cpu", "int8", 0, 1)


def full_rows(count: int) -> list[Passage]:
    """As large as rows come: half a minute, 80 features in each hundredth of a second."""
    frames = np.random.default_rng(SEED).normal(size=(80, CHUNK_S * 100)).astype(np.float32)
    settings = DecodeSettings(language="en")
    length_ms = CHUNK_S * 1000
    spans = [Span(n * length_ms, (n + 1) * length_ms) for n in range(count)]
    return [Passage(s.start_ms, s.end_ms, (s,), frames + n, settings) for n, s in enumerate(spans)]


def actors_of(cluster: Cluster, count: int) -> "contextlib.closing[Host]":
    hello = Hello(Path("/"), recorded_only=False, log_level=30)
    actors = Actors(
        cluster.address,
        Needs(gpus=0, cpus=1),
        hello,
        place_s=60,
        environment=cluster.env,
        program=BRIDGE,
    )

    def make(number: int) -> Supervisor:
        return supervisor(actors.begin, number)

    host = elastic_host("ray", make, "int8", least=count, most=count, idle_s=60, close=actors.close)
    return contextlib.closing(host)


def child() -> "contextlib.closing[Host]":
    return contextlib.closing(supervised_host([supervisor(beginning(CHILD), 0)], "int8"))


def supervisor(begin: Begin, number: int) -> Supervisor:
    device = Device("cpu", 0, "int8", 1, 1, place=f"worker:{number}")
    return Supervisor(CPU, Pace(factor=20, least_s=600), begin=begin, device=device)


def overheads(cluster: Cluster, rounds: int) -> dict[str, dict[str, Spread]]:
    """Milliseconds for a batch beyond its fixed time, by rows and by where it is done."""
    name = f"timed-{SERVICE_MS}"
    with actors_of(cluster, 1) as on_ray, child() as in_child:
        ways: dict[str, Backend] = {
            "threads": TimedBackend(name),
            "child": in_child.open_recogniser(Path("/"), name)[0],
            "ray": on_ray.open_recogniser(Path("/"), name)[0],
        }
        return {f"{rows} rows": overhead(ways, full_rows(rows), rounds) for rows in (1, 2, 4, 16)}


def overhead(ways: dict[str, Backend], batch: list[Passage], rounds: int) -> dict[str, Spread]:
    took: dict[str, list[float]] = {way: [] for way in ways}
    for backend in ways.values():
        backend.run(batch)  # connections are made, and Ray's memory is touched once
    for _ in range(rounds):
        for way in random.sample(list(ways), len(ways)):
            began_s = time.perf_counter()
            ways[way].run(batch)
            took[way].append((time.perf_counter() - began_s) * 1000 - SERVICE_MS)
    further = [on_ray - there for on_ray, there in zip(took["ray"], took["child"], strict=True)]
    return {
        **{way: Spread.of(times, 2) for way, times in took.items()},
        "ray_over_child": Spread.of(further, 2),
    }


def chunks(seed: int) -> list[Chunk]:
    """A film that somebody speaks in all the time, as the cutter would leave it."""
    noise = np.random.default_rng(seed)
    length_ms = 10_000
    samples = [noise.uniform(-0.1, 0.1, 16 * length_ms).astype(np.float32) for _ in range(CHUNKS)]
    return [
        Chunk(Audio(sound, n * length_ms), (Span(n * length_ms, (n + 1) * length_ms),))
        for n, sound in enumerate(samples)
    ]


def films_s(recogniser: Recogniser, films: Sequence[Sequence[Chunk]]) -> float:
    """Seconds until all films are heard, which begin at the same time."""
    options = SpeechOptions(model=f"timed-{FILM_SERVICE_MS}", language="en")

    def hear(film: Sequence[Chunk]) -> int:
        return len(list(recogniser.transcribe(film, options, cancel=CancelToken())))

    began_s = time.perf_counter()
    with ThreadPoolExecutor(len(films)) as pool:
        heard = list(pool.map(hear, films))
    if heard != list(map(len, films)):
        raise RuntimeError(f"of films with {CHUNKS} chunks each only {heard} were heard")
    return time.perf_counter() - began_s


def unbounded(cluster: Cluster, rounds: int) -> dict[int, list[float]]:
    """Seconds for all films with one actor, and with two."""
    films = [chunks(seed) for seed in range(FILMS)]
    with contextlib.ExitStack() as stack:
        hosts = {n: stack.enter_context(actors_of(cluster, n)) for n in (1, 2)}
        recognisers = {
            n: stack.enter_context(contextlib.closing(recogniser_with(host.open_recogniser)))
            for n, host in hosts.items()
        }
        return interleaved(
            {n: partial(films_s, recogniser, films) for n, recogniser in recognisers.items()},
            rounds,
        )


def interleaved(ways: dict[int, Callable[[], float]], rounds: int) -> dict[int, list[float]]:
    for act in ways.values():
        act()
    found: dict[int, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in random.sample(list(ways), len(ways)):
            found[way].append(ways[way]())
    return found


def real(
    cluster: Cluster, models: Path, folder: Path, films: int, rounds: int
) -> dict[int, list[float]]:
    """Seconds for copies of the demo film through a server, with one actor and with two."""
    flags = ("--engine=ray", f"--ray-address={cluster.address}", "--device=cpu")
    given = (*flags, f"--models-dir={models}", "--max-running-jobs=4")
    fleet = Fleet(folder, {**cluster.env, "PYTHONPATH": python_path()}, "", given)
    try:
        servers = {
            n: fleet.server(
                f"--ray-actors-min={n}", f"--ray-actors-max={n}", data=folder / str(n)
            ).start()
            for n in (1, 2)
        }
        return interleaved(
            {n: partial(served_s, server, films) for n, server in servers.items()}, rounds
        )
    finally:
        fleet.end()


def served_s(server: Server, films: int) -> float:
    with server.client() as polycue:
        upload = polycue.upload(FILM).name
        source = media_pb2.MediaSource(upload=upload)
        began_s = time.perf_counter()
        jobs = [polycue.subtitle(source, fresh=True) for _ in range(films)]
        for job in jobs:
            polycue.wait(job)
        return time.perf_counter() - began_s


def ratio(found: dict[int, list[float]]) -> Spread:
    """Of two actors over one, within each round."""
    return Spread.of([two / one for one, two in zip(found[1], found[2], strict=True)])


def told(found: dict[int, list[float]]) -> dict[str, Any]:
    return {
        "one_s": asdict(Spread.of(found[1])),
        "two_s": asdict(Spread.of(found[2])),
        "two_over_one": asdict(ratio(found)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--films", type=int, default=4, help="copies of the demo film")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    random.seed(SEED)
    described = machine.described()
    folder = Path(tempfile.mkdtemp(prefix="polycue-bench-"))
    try:
        models = import_models(folder / "models")
        with running_cluster({"POLYCUE_MODELS_DIR": str(models)}) as cluster:
            cluster.head(0)
            for _ in range(3):
                cluster.worker(1)
            costs = overheads(cluster, 20 * arguments.rounds)
            free = unbounded(cluster, arguments.rounds)
            bound = real(cluster, models, folder, arguments.films, arguments.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for rows, ways in costs.items():
        print(f"{rows:8}", *(f"{way} {spread}" for way, spread in ways.items()), "ms")
    print(f"(at most {MOST_OVERHEAD_MS:g} ms in an actor, for a batch of a CPU: two rows)")
    print(f"two actors over one, fixed time {ratio(free)}  (at most {MOST_RATIO})")
    print(f"two actors over one, demo model {ratio(bound)}")
    report = {
        **described,
        "rounds": arguments.rounds,
        "seed": SEED,
        "service_ms": SERVICE_MS,
        "row_bytes": full_rows(1)[0].features.nbytes,
        "over_fixed_time_ms": {
            rows: {way: asdict(spread) for way, spread in ways.items()}
            for rows, ways in costs.items()
        },
        "fixed_time": {
            "service_ms": FILM_SERVICE_MS,
            "films": FILMS,
            "chunks_a_film": CHUNKS,
            **told(free),
        },
        "demo_model": {"films": arguments.films, **told(bound)},
    }
    target = arguments.results / "ray_cluster.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
