"""Models that take a fixed time, in threads, in a child and in actors, for ``ray_cluster.py``."""

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from machine import Spread, in_turn
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
from polycue.testing.timed import BRIDGE, CHILD, FAR_BRIDGE, TimedBackend
from support.ray_cluster import Cluster

SEED = 20261128
CHUNK_S = 30
SERVICE_MS = 50
FILM_SERVICE_MS, FILMS, CHUNKS = 400, 4, 24
CPU = Choose("cpu", "int8", 0, 1)

Rounds = dict[int, list[float]]
"""The seconds of each round, by the number of actors."""


def full_rows(count: int) -> list[Passage]:
    """As large as rows come: half a minute, 80 features in each hundredth of a second."""
    frames = np.random.default_rng(SEED).normal(size=(80, CHUNK_S * 100)).astype(np.float32)
    settings = DecodeSettings(language="en")
    length_ms = CHUNK_S * 1000
    spans = [Span(n * length_ms, (n + 1) * length_ms) for n in range(count)]
    return [Passage(s.start_ms, s.end_ms, (s,), frames + n, settings) for n, s in enumerate(spans)]


def actors_of(
    cluster: Cluster, count: int, program: Sequence[str] = BRIDGE
) -> "contextlib.closing[Host]":
    hello = Hello(Path("/"), recorded_only=False, log_level=30)
    actors = Actors(
        cluster.address,
        Needs(gpus=0, cpus=1),
        hello,
        place_s=60,
        environment=cluster.env,
        program=program,
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
    with (
        child() as in_child,
        actors_of(cluster, 1) as on_ray,
        actors_of(cluster, 1, FAR_BRIDGE) as far_away,
    ):
        hosts = {"child": in_child, "ray": on_ray, "ray_far": far_away}
        ways: dict[str, Backend] = {
            "threads": TimedBackend(name),
            **{way: host.open_recogniser(Path("/"), name)[0] for way, host in hosts.items()},
        }
        return {f"{rows} rows": overhead(ways, full_rows(rows), rounds) for rows in (1, 2, 4, 16)}


def overhead(ways: dict[str, Backend], batch: list[Passage], rounds: int) -> dict[str, Spread]:
    took: dict[str, list[float]] = {way: [] for way in ways}
    for backend in ways.values():
        backend.run(batch)  # connections are made, and memory is touched once
    for way in in_turn(ways, rounds):
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


def unbounded(cluster: Cluster, rounds: int) -> Rounds:
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


def interleaved(ways: dict[int, Callable[[], float]], rounds: int) -> Rounds:
    """The first time of each does not count."""
    for act in ways.values():
        act()
    found: Rounds = {way: [] for way in ways}
    for way in in_turn(ways, rounds):
        found[way].append(ways[way]())
    return found
