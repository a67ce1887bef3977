"""What does a Ray cluster cost a batch, and what does a second worker buy?

Prints a table and writes benchmarks/results/ray_cluster.json. It starts clusters of its own on
loopback, with the tests' help. Run it from the repository's folder::

    PYTHONPATH=tests .venv/bin/python benchmarks/ray_cluster.py

(1) The cost: batches of full rows, one after the other, to models that take a fixed time and no
processor (``polycue.testing.timed``), in threads of this process, in a child and in an actor, in
rounds of shuffled order. What a batch takes beyond its fixed time is what the way there and back
costs, with 0.96 MB of sound a row, and what Ray has to do with it is the difference to a child. An
actor sees the sound where the server has put it; ``ray_far`` is one that is treated as if it were
on another machine, to which Ray carries it from node to node. (2) The load that no core bounds:
films, cut and made into features for real, through the real batcher to such models in one actor and
in two. (3) The load that is real: copies of the demo film through servers with the demo models,
whose actors have a core each, in one actor and in two. There everything else, decoding, features
and the server itself, wants the same cores.
"""

import argparse
import json
import random
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import machine
from machine import Spread
from polycue.api.v1 import media_pb2
from ray_cluster_timed import (
    CHUNKS,
    FILM_SERVICE_MS,
    FILMS,
    SEED,
    SERVICE_MS,
    Rounds,
    full_rows,
    interleaved,
    overheads,
    unbounded,
)
from support.demo import FILM, import_models
from support.fleet import Fleet, Server, python_path
from support.ray_cluster import Cluster, running_cluster

REPOSITORY = Path(__file__).resolve().parents[1]
MOST_OVERHEAD_MS, MOST_RATIO = 15.0, 0.6  # the goals


def real(cluster: Cluster, models: Path, folder: Path, films: int, rounds: int) -> Rounds:
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


@dataclass(frozen=True)
class Found:
    over_fixed_time_ms: dict[str, dict[str, Spread]]
    fixed_time: Rounds
    demo_model: Rounds


def measured(films: int, rounds: int) -> Found:
    folder = Path(tempfile.mkdtemp(prefix="polycue-bench-"))
    try:
        models = import_models(folder / "models")
        with running_cluster({"POLYCUE_MODELS_DIR": str(models)}) as cluster:
            cluster.head(0)
            for _ in range(3):
                cluster.worker(1)
            return Found(
                overheads(cluster, 20 * rounds),
                unbounded(cluster, rounds),
                real(cluster, models, folder, films, rounds),
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(found: Found) -> None:
    for rows, ways in found.over_fixed_time_ms.items():
        print(f"{rows:8}", *(f"{way} {spread}" for way, spread in ways.items()), "ms")
    print(f"(ray: at most {MOST_OVERHEAD_MS:g} ms)")
    print(f"two actors over one, fixed time {ratio(found.fixed_time)}  (at most {MOST_RATIO})")
    print(f"two actors over one, demo model {ratio(found.demo_model)}")


def ratio(found: Rounds) -> Spread:
    """Of two actors over one, within each round."""
    return Spread.of_ratio(found[2], found[1])


def told(found: Rounds) -> dict[str, Any]:
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
    found = measured(arguments.films, arguments.rounds)
    tell(found)
    report = {
        **described,
        "rounds": arguments.rounds,
        "seed": SEED,
        "service_ms": SERVICE_MS,
        "row_bytes": full_rows(1)[0].features.nbytes,
        "over_fixed_time_ms": asdict(found)["over_fixed_time_ms"],
        "fixed_time": {
            "service_ms": FILM_SERVICE_MS,
            "films": FILMS,
            "chunks_a_film": CHUNKS,
            **told(found.fixed_time),
        },
        "demo_model": {"films": arguments.films, **told(found.demo_model)},
    }
    target = arguments.results / "ray_cluster.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
