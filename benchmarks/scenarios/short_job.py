"""A clip of 10 s that comes while a three-hour film is at work, beside its time alone.

Each round times clips on an idle server, then starts the film, waits until its words come, and
times clips again, with random pauses so that they meet batches at any point of theirs.
"""

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from polycue.api.v1 import jobs_pb2
from polycue_client.client import Polycue
from polycue_client.errors import JobCancelled
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row, spread
from scenarios.served import Server, serving

HOURS = 3.0
LIMIT_S = 600.0


def measure(
    workshop: Workshop, pace: Pace, geometry: str = "tiny", *, judged: bool = True
) -> Iterator[Outcome]:
    model, film = workshop.clip_or_chunk(geometry), workshop.long_film(HOURS)
    content = workshop.clips(1, 10.0)[0].read_bytes()
    count, another = pace.pick(2, 8, 20), pace.started()
    alone, behind = list[list[float]](), list[list[float]]()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with (
            serving(workshop.place, model, workshop.sounds, data) as server,
            server.client() as client,
        ):
            tokens = server.clip(client, content)[1].token_count
            while another(len(behind)):
                alone.append(timed(server, client, content, count))
                with at_work(server, client, film):
                    behind.append(timed(server, client, content, count))
                facts = {"clip_tokens": tokens, "model": model.name}
                facts["alone_s"] = spread([s for each in alone for s in each])
                facts["behind_s"] = spread([s for each in behind for s in each])
                yield Outcome(_rows(geometry, alone, behind, judged=judged), facts)


def _rows(
    geometry: str, alone: list[list[float]], behind: list[list[float]], *, judged: bool
) -> list[Row]:
    by_round = list(zip(behind, alone, strict=True))
    return [
        Row(
            f"10 s clip behind a {HOURS:g} h film, {geometry}: over its time alone",
            [statistics.median(late) / statistics.median(soon) for late, soon in by_round],
            3.0,
            at_least=False,
            note="Transcribe call behind a job; medians of a round's clips; 20 tokens to 60",
            judged=judged,
        ),
        Row(
            "p95 of those behind it: over the median alone",
            [spread(late)["p95"] / statistics.median(soon) for late, soon in by_round],
            3.0,
            at_least=False,
            judged=False,
        ),
    ]


def timed(server: Server, client: Polycue, content: bytes, count: int) -> list[float]:
    chance = random.Random(count)
    took = []
    for _ in range(count):
        time.sleep(chance.uniform(0, 0.5))
        took.append(server.clip(client, content)[0])
    return took


@contextlib.contextmanager
def at_work(server: Server, client: Polycue, film: Path) -> Iterator[jobs_pb2.Job]:
    """A film whose recognition is under way; it is taken back at the end."""
    job = server.start(client, film)
    try:
        wait_for_words(client, job)
        yield job
    finally:
        taken_back(client, job)


def taken_back(client: Polycue, job: jobs_pb2.Job) -> None:
    """Cancel a job and wait until nothing of it is at work any more."""
    client.cancel(job)
    with contextlib.suppress(JobCancelled):
        client.wait(job)


def wait_for_words(client: Polycue, job: jobs_pb2.Job) -> None:
    end = time.monotonic() + LIMIT_S
    while not heard_s(client.get_job(job.name)):
        if time.monotonic() > end:
            raise SystemExit(f"{job.name} did not begin to hear anything")
        time.sleep(0.1)


def heard_s(job: jobs_pb2.Job) -> float:
    """How far recognition has come in the film."""
    if job.state == jobs_pb2.JOB_STATE_FAILED:
        raise SystemExit(f"{job.name}: {job.failure.message}")
    for stage in job.stages:
        if stage.stage == jobs_pb2.JOB_STAGE_TRANSCRIBE:
            return stage.processed_duration.ToMilliseconds() / 1000
    return 0.0
