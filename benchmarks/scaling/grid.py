"""What is simulated: designs, devices and loads, and what each run says."""

import gc
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from polycue.engine.batching.credits import in_all_of
from scaling.cluster import Cluster
from scaling.costs import Costs, Design, Device, like_published
from scaling.load import CHUNK_MS, LOADS, Load
from scaling.readings import percentile

SEED = 20261127
GPUS = (1, 8, 64, 1024)
OFFERED = 0.8  # of what the GPUs could do with full batches
WARM_UP = 0.5  # of a run, which does not count
ROW_BYTES = 128 * 2701 * 4  # features of 27 s for large-v3: 128 mels, 10 ms each, float32
LINK_BYTES_A_SECOND = 1.25e9  # 10 Gbit/s
NODE_MEMORY_BYTES = 64 << 30
SECONDS = {1: 960.0, 8: 240.0, 64: 80.0, 1024: 40.0}
"""How long a run is, by GPUs: what many do in a minute one does in a day."""

PUBLISHED = like_published(
    "A100 as published",
    184,
    16,
    "insanely-fast-whisper, large-v3 on one A100-80: 184 times real time with batches of 96 "
    "(its issue 44); the 16 rows of a batch are ours",
)
GUESSED = like_published(
    "H200 as guessed",
    600,
    16,
    "no published figure; the middle of a planning guess of 400 to 900 for large-v3, beam 5",
)


@dataclass(frozen=True)
class Growth:
    """A way to have more GPUs; ``limits`` are what one server of it has."""

    name: str
    gpus_a_server: int | None  # None: all on one
    cores: int
    jobs: int
    remote: bool
    hand_over_s: float

    def design(self, gpus: int) -> Design:
        each = min(gpus, self.gpus_a_server or gpus)
        return Design(
            self.name,
            replicas=gpus // each,
            gpus=each,
            cores=self.cores,
            jobs=self.jobs,
            credits_bytes=in_all_of(NODE_MEMORY_BYTES),
            remote=self.remote,
        )


# Hand-overs of sixteen rows, the medians of benchmarks/results/ray_cluster.json: to actors on other
# machines, but for the network, which is counted by itself; and to engine children.
ONE_DRIVER = Growth("one driver, GPUs by Ray", None, 16, 64, remote=True, hand_over_s=0.034)
REPLICAS = Growth("replicas of 8 GPUs", 8, 16, 16, remote=False, hand_over_s=0.009)
SMALL_REPLICAS = Growth("replicas of 2 GPUs", 2, 16, 8, remote=False, hand_over_s=0.009)
WAYS = (ONE_DRIVER, REPLICAS)


@dataclass(frozen=True)
class Case:
    """One run; it takes ``seconds`` of simulated time."""

    growth: Growth
    device: Device
    load: Load
    gpus: int
    costs: Costs
    seconds: float
    offered: float = OFFERED

    def run(self) -> dict[str, Any]:
        design = self.growth.design(self.gpus)
        costs = replace(self.costs, hand_over_s=self.growth.hand_over_s)
        cluster = Cluster(design, self.device, costs, SEED)
        rate = self.offered * self.gpus * self.device.times_real_time
        films = self.load.films(SEED, sound_s_a_second=rate, until_s=self.seconds)
        began_s = time.process_time()
        gc.set_threshold(200_000, 20, 20)  # there are few cycles in it, and millions of objects
        cluster.run(films, from_s=WARM_UP * self.seconds, until_s=self.seconds)
        return {
            "growth": self.growth.name,
            "device": self.device.name,
            "load": self.load.name,
            "gpus": self.gpus,
            "offered_times_real_time": round(rate),
            **figures(cluster),
            "core_seconds": round(time.process_time() - began_s, 1),
        }


def figures(cluster: Cluster) -> dict[str, Any]:
    found = cluster.readings
    fairness = cluster.fairness()
    return {
        "times_real_time": round(found.sound_s / found.window_s),
        "busy_share": round(found.busy_share, 4),
        "rows_a_batch": round(found.rows / max(1, found.batches), 2),
        "row_wait_s": spread(found.row_waits_s),
        "job_wait_s": spread(found.job_waits_s),
        "job_time_over_length": spread(found.job_times),
        "fairness": None if fairness is None else round(fairness, 3),
        "loads": {name: round(load, 4) for name, load in cluster.loads().items()},
        "jobs_not_ended": cluster.unfinished,
    }


def spread(values: list[float]) -> dict[str, float | int]:
    found = {f"p{p}": percentile(values, p) for p in (50, 99)}
    return {"count": len(values)} | {n: round(v, 4) for n, v in found.items() if v is not None}


def cases(costs: Costs) -> Iterator[Case]:
    """Those of the plots: every load on either way; and steady load on faster GPUs."""
    for gpus in GPUS:
        for growth in WAYS:
            for load in LOADS:
                yield Case(growth, PUBLISHED, load, gpus, costs, SECONDS[gpus])
        for growth in WAYS:
            yield Case(growth, GUESSED, LOADS[0], gpus, costs, SECONDS[gpus] / 2)
    yield Case(SMALL_REPLICAS, GUESSED, LOADS[0], 64, costs, SECONDS[64] / 2)


def measured(results: Path) -> Costs:
    """From the results of other benchmarks here, and of ``scale.py costs``."""
    own = _read(results / "scaling_costs.json")
    front = _read(results / "front_end.json")["core_s_an_hour"]
    cues = _read(results / "cue_speed.json")
    features_s = front["features, 128 mels"]["median"]
    sound_s = front["all together, 128 mels"]["median"] - features_s
    words_a_chunk = 60
    layout_s = cues["seconds_per_10000_cues"]["segment_and_time"]["median"] / 10_000
    row_s = _read(results / "scheduling.json")["microseconds_a_row"]["64 callers, 4 rows each"]
    store = own["store"]["postgresql"]
    commit_s = store["commit_ms"]["median"] / 1000
    rate = max(found["median"] for found in store["commits_a_second"].values())
    return Costs(
        sound_core_s=sound_s / 3600,
        features_core_s=features_s / 3600 * CHUNK_MS / 1000,
        film_start_s=0.3,
        row_python_s=row_s["median"] / 1e6,
        chunk_python_s=own["python"]["engine_ms"]["8"]["median"] / 1000 - row_s["median"] / 1e6,
        layout_python_s=layout_s * words_a_chunk * cues["cues"] / cues["words"],
        hand_over_s=0.0,  # as the way of growth has it
        commit_s=commit_s,
        commits_at_once=max(1, round(rate * commit_s)),
        claim_s=store["claim_ms"] / 1000,
        row_bytes=ROW_BYTES,
        link_bytes_a_second=LINK_BYTES_A_SECOND,
    )


def assumptions(costs: Costs) -> dict[str, Any]:
    return {
        "costs": asdict(costs),
        "devices": {d.name: {**asdict(d), "x": d.times_real_time} for d in (PUBLISHED, GUESSED)},
        "ways": [asdict(way) for way in (*WAYS, SMALL_REPLICAS)],
        "loads": [asdict(load) for load in LOADS],
        "offered": OFFERED,
        "seconds": SECONDS,
        "warm_up": WARM_UP,
        "seed": SEED,
    }


def _read(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        raise SystemExit(f"{path} is missing: run the benchmark that writes it")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
