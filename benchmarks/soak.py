"""How much is lost when a server is killed a thousand times? Jobs, chunks, results: none may be.

Kills servers with SIGKILL at random instants while they work on six jobs of a hundred chunks, on
SQLite and on PostgreSQL, and holds what is left against what was promised (tests/support/
aftermath.py). Another server works on without a kill meanwhile, to see whether it grows. Writes
benchmarks/results/soak.json. ``make soak`` runs it::

    PYTHONPATH=tests .venv/bin/python benchmarks/soak.py [--kills 1000] [--minutes 60]

The pipeline is a fake that hears nothing, so that a kill costs milliseconds of work and a thousand
of them an hour at most; process, store, files, runner and gRPC are the real ones. Servers are
forked from a process that has imported everything. Every round of 25 kills is written down as it
ends: started again it goes on with the next, until all kills are done (``--anew`` forgets).
"""

import argparse
import contextlib
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from support.aftermath import Aftermath
from support.fleet import Fleet, Server, python_path
from support.memory import open_files, resident_bytes
from support.postgres import running_cluster
from support.stepped_server import Film
from support.steps import Director, directing
from support.zygote import ForkedServer, zygote

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRESS = REPOSITORY / ".polycue" / "soak.jsonl"
KILLS_A_ROUND = 25
JOBS, CHUNKS, RUNNING = 6, 100, 2
# Between two kills. A job whose server dies five times before it gets any further is given up, and
# the few steps of its end are passed in less than the least of these.
LEAST_STEPS, MOST_STEPS = 25, 60
STORES = ("sqlite", "postgres")
STANDING_JOBS = 300
MIB = 1024 * 1024


@dataclass
class Round:
    """What 25 kills came to. ``problem`` is what the aftermath found wrong, "" if nothing."""

    store: str
    number: int
    kills: int = 0
    jobs: int = JOBS
    jobs_lost: int = 0
    chunks: int = JOBS * CHUNKS
    chunks_kept_twice: int = 0
    chunks_redone: int = 0
    resume_s: list[float] = field(default_factory=list)
    problem: str = ""


def database(store: str) -> Iterator[str]:
    if store == "sqlite":
        yield ""
        return
    with running_cluster() as cluster:
        yield cluster.new_database()


@contextlib.contextmanager
def stage(store: str) -> Iterator[tuple[Director, Fleet]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="polycue-soak-")))
        director = stack.enter_context(directing())
        parent = stack.enter_context(zygote({"PYTHONPATH": python_path()}))
        url = stack.enter_context(contextlib.contextmanager(database)(store))
        fleet = Fleet(folder, director.env, url, make=partial(ForkedServer, parent))
        stack.callback(fleet.end)
        yield director, fleet


def kill_for_a_round(store: str, number: int) -> Round:
    done = Round(store, number)
    chance = random.Random(f"{store} {number}")
    with stage(store) as (director, fleet):
        aftermath = Aftermath(fleet, director)
        server = fleet.server(f"--max-running-jobs={RUNNING}").start()
        with server.client() as polycue:
            all_there = director.hold("begin", times=RUNNING)
            for job in range(JOBS):
                aftermath.create(polycue, Film(f"film {job}", CHUNKS))
            all_there.let_go()
            while done.kills < KILLS_A_ROUND and unfinished(director):
                director.wait_until(len(director.steps) + chance.randint(LEAST_STEPS, MOST_STEPS))
                server.kill()
                seen, killed_s = len(director.steps), time.monotonic()
                server.start()
                if unfinished(director):
                    director.wait_until(seen + 1)
                    done.resume_s.append(round(time.monotonic() - killed_s, 3))
                done.kills += 1
            judge(done, aftermath, server)
    return done


def unfinished(director: Director) -> bool:
    """Whether enough chunks are left for the next kill to hit somebody at work."""
    saved = {(step.film, step.index) for step in director.steps if step.name == "saved"}
    return len(saved) < JOBS * CHUNKS - 2 * MOST_STEPS


def judge(done: Round, aftermath: Aftermath, server: Server) -> None:
    try:
        aftermath.check(server)
    except Exception:
        done.problem = traceback.format_exc(limit=-3)
        with server.client() as polycue:
            states = {job.name: job for job in polycue.jobs()}
        done.jobs_lost = sum(name not in states for name in aftermath.films)
    done.chunks_redone = aftermath.redone()
    done.chunks_kept_twice = sum(
        times > 1
        for film in aftermath.films.values()
        for times in aftermath.director.count("saved", film.name).values()
    )


def stand(store: str) -> dict[str, Any]:
    """What a server that is never killed holds, job by job."""
    resident, files = [], []
    with stage(store) as (director, fleet):
        aftermath = Aftermath(fleet, director)
        server = fleet.server().start()
        with server.client() as polycue:
            for number in range(STANDING_JOBS):
                job = aftermath.create(polycue, Film(f"film {number}", 10))
                polycue.wait(job)
                aftermath.delete(polycue, job)
                resident.append(resident_bytes(server.pid) / MIB)
                files.append(open_files(server.pid))
    warm = STANDING_JOBS // 3  # allocators and pools fill up first
    slope = statistics.linear_regression(range(STANDING_JOBS - warm), resident[warm:]).slope
    return {
        "store": store,
        "jobs": STANDING_JOBS,
        "resident_mib": [round(resident[warm], 1), round(resident[-1], 1)],
        "resident_kib_a_job": round(slope * 1024, 1),
        "open_files": [files[warm], files[-1]],
    }


def summary(rounds: list[Round], standing: list[dict[str, Any]], wanted: int) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "kills_wanted": wanted,
        "stores": {
            store: summary_of([one for one in rounds if one.store == store]) for store in STORES
        },
        "standing": standing,
    }


def summary_of(rounds: list[Round]) -> dict[str, Any]:
    resume_s = sorted(second for one in rounds for second in one.resume_s)
    return {
        "kills": sum(one.kills for one in rounds),
        "jobs": sum(one.jobs for one in rounds),
        "jobs_lost": sum(one.jobs_lost for one in rounds),
        "chunks": sum(one.chunks for one in rounds),
        "chunks_kept_twice": sum(one.chunks_kept_twice for one in rounds),
        "chunks_redone": sum(one.chunks_redone for one in rounds),
        "resume_s": {
            "p50": resume_s[len(resume_s) // 2] if resume_s else None,
            "p99": resume_s[int(0.99 * (len(resume_s) - 1))] if resume_s else None,
            "max": resume_s[-1] if resume_s else None,
        },
        "problems": [one.problem for one in rounds if one.problem],
    }


def remembered() -> list[Round]:
    if not PROGRESS.exists():
        return []
    return [Round(**json.loads(line)) for line in PROGRESS.read_text("utf-8").splitlines()]


def remember(done: Round) -> None:
    PROGRESS.parent.mkdir(parents=True, exist_ok=True)
    with PROGRESS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(done)) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=1000, help="of both stores together")
    parser.add_argument("--minutes", type=float, default=60, help="begin no round after this")
    parser.add_argument("--anew", action="store_true", help="forget what was done before")
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    given = parser.parse_args()
    if given.anew:
        PROGRESS.unlink(missing_ok=True)
    rounds, until_s = remembered(), time.monotonic() + given.minutes * 60
    while sum(one.kills for one in rounds) < given.kills and time.monotonic() < until_s:
        done = kill_for_a_round(STORES[len(rounds) % len(STORES)], len(rounds))
        rounds.append(done)
        remember(done)
        print(
            f"round {done.number} on {done.store}: {done.kills} kills, {done.jobs_lost} lost,"
            f" {done.chunks_redone} chunks redone {done.problem}",
            flush=True,
        )
    report = summary(rounds, [stand(store) for store in STORES], given.kills)
    given.results.mkdir(parents=True, exist_ok=True)
    target = given.results / "soak.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))
    print(f"wrote {target.name}", file=sys.stderr)
    return int(any(one.problem for one in rounds))


if __name__ == "__main__":
    raise SystemExit(main())
