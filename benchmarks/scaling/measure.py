"""What a chunk costs beside the model: the store's commit, and the interpreter of its driver."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from machine import Spread
from polycue.domain.audio import SAMPLES_PER_MS, Audio, Span
from polycue.domain.chunk import Chunk
from polycue.engine.asking import FeaturePool
from polycue.jobs.job import Job, new_id
from polycue.jobs.store.jobs import SqlJobs
from polycue.jobs.store.postgres import PostgresDatabase
from polycue.jobs.store.protocol import Lease
from polycue.jobs.store.session import Database
from polycue.jobs.store.sqlite import SqliteDatabase
from polycue.speech.features import Features
from polycue.speech.passage import DecodeSettings
from scaling import real
from scaling.costs import Device
from scaling.load import CHUNK_MS, FilmAsked
from support.postgres import running_cluster

WRITERS = (1, 2, 4, 8)
COMMITS = 200
CHUNK_BYTES = 4000  # what is kept of a chunk of 60 words, about
INSTANT = Device("instant", 16, 0.0, 0.0, 0.0, "by construction")
GPUS = (1, 8, 64)
FILMS, CHUNKS = 16, 120


def store_costs(rounds: int) -> dict[str, Any]:
    """Milliseconds, and commits a second by how many write at once, on either kind of store."""
    with tempfile.TemporaryDirectory() as folder, postgres() as opened:
        stores: dict[str, Callable[[], Database]] = {
            "sqlite": lambda: SqliteDatabase(Path(folder) / f"{new_id()}.sqlite"),
            "postgresql": opened,
        }
        return {name: _store(open_, rounds) for name, open_ in stores.items()}


def _store(open_: Callable[[], Database], rounds: int) -> dict[str, Any]:
    database = open_()
    jobs = SqlJobs(database)
    try:
        claims, leases = _claimed(jobs, max(WRITERS))
        rates = {n: [_commits_a_second(jobs, leases[:n]) for _ in range(rounds)] for n in WRITERS}
    finally:
        database.close()
    return {
        "claim_ms": round(1000 * statistics.median(claims), 3),
        "commit_ms": asdict(Spread.of([1000 / rate for rate in rates[1]])),
        "commits_a_second": {n: asdict(Spread.of(found, 1)) for n, found in rates.items()},
    }


@contextmanager
def postgres() -> Iterator[Callable[[], Database]]:
    """A server of our own that keeps its promises: the tests' one does not wait for the disk."""
    with running_cluster() as cluster:
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = on")
            connection.execute("SELECT pg_reload_conf()")
        yield lambda: PostgresDatabase(cluster.new_database())


def _claimed(jobs: SqlJobs, count: int) -> tuple[list[float], list[Lease]]:
    """Seconds that claims took, with hundreds of jobs of ten tenants waiting, and the leases."""
    for number in range(300):
        job = Job(new_id(), f"tenant {number % 10}", spec=b"spec", created_ms=0, ttl_ms=10**9)
        jobs.create(job, max_queued=1000)
    took_s, leases = [], []
    for _ in range(count):
        begun_s = time.perf_counter()
        claimed = jobs.claim("one", lease_ms=600_000, max_attempts=5)
        took_s.append(time.perf_counter() - begun_s)
        if claimed:
            leases.append(claimed[1])
    return took_s, leases


_number = iter(range(10**9))


def _commits_a_second(jobs: SqlJobs, leases: Sequence[Lease]) -> float:
    data = random.Random(0).randbytes(CHUNK_BYTES)

    def write(lease: Lease) -> None:
        for _ in range(COMMITS):
            jobs.put_chunk(lease, "transcribe", next(_number), data)

    begun_s = time.perf_counter()
    with ThreadPoolExecutor(len(leases)) as writers:
        list(writers.map(write, leases))
    return COMMITS * len(leases) / (time.perf_counter() - begun_s)


def python_costs(rounds: int) -> dict[str, Any]:
    """Milliseconds of the driver's processor for a chunk, but for its features.

    Flow, hearing, queue, batch and result, with models that answer at once; by how many GPUs
    of 16 rows it drives, for films keep more chunks under way then.
    """
    features_s = _features_s()
    by_gpus = {
        gpus: asdict(Spread.of([1000 * (_engine_s(gpus) - features_s) for _ in range(rounds)]))
        for gpus in GPUS
    }
    return {"features_ms": round(1000 * features_s, 3), "engine_ms": by_gpus}


def _engine_s(gpus: int) -> float:
    films = [FilmAsked(number, 0.0, f"tenant {number % 4}", CHUNKS) for number in range(FILMS)]
    begun_s = time.process_time()
    real.heard(
        films,
        lambda asked: iter([24_000] * asked.chunks),
        lambda: [_Silent(INSTANT, number) for number in range(gpus)],
        workers=gpus,
        sound_s=0.0,
        credits_bytes=2 << 30,
    )
    return (time.process_time() - begun_s) / (FILMS * CHUNKS)


class _Silent(real.Paced):
    """Writes no words, which is work of a child or of another node."""

    def _words(self, start_ms: int, end_ms: int) -> list[Any]:
        return []


def _features_s(count: int = 30) -> float:
    chunk = Chunk(Audio(np.zeros(CHUNK_MS * SAMPLES_PER_MS, np.float32), 0), (Span(0, CHUNK_MS),))
    FeaturePool(1).close()  # from now on numpy computes in one thread, as in a server
    features = Features(real.Paced.facts)
    features.passage(chunk, DecodeSettings(language="en"))
    begun_s = time.process_time()
    for _ in range(count):
        features.passage(chunk, DecodeSettings(language="en"))
    return (time.process_time() - begun_s) / count
