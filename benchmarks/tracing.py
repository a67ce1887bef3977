"""What traces cost: a film with and without them, in turn, and a single span.

Prints ratios and writes benchmarks/results/tracing.json. Run it from anywhere::

    .venv/bin/python benchmarks/tracing.py [--json] [--rounds 7]

The demo film goes through the demo models on the CPU into two languages, in this process, within
a span as a job's attempt is: untraced; traced, with every span sent to a collector of ours in
another process; and with a tracer that keeps none of a hundred traces. Processor time of this
process and of ffmpeg, each round in a new order; the ratio is that of the medians. The demo
recogniser is tiny, so spans are dense in time: with a real one there are as many for each minute
of film, and ten to a hundred times the work between them.
"""

import argparse
import dataclasses
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from machine import Spread, described, processor_s
from polycue import telemetry
from polycue.app.engine import Engine, open_engine
from polycue.config import Settings
from polycue.domain.cancel import CancelToken
from polycue.domain.request import InputFile, SpeechOptions, SubtitleTask
from polycue.domain.track import TrackFormat
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.tracing import spans
from polycue.tracing.otel import OtelTracer, open_tracer

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "tracing.json"
FILM_S = 103
FILM = InputFile(REPOSITORY / "demo" / "tour.mp4", "tour.mp4")
TASK = SubtitleTask(
    FILM,
    speech=SpeechOptions(language="en"),
    targets=("es", "de"),
    formats=(TrackFormat.SRT,),
)
SPANS = 5000  # fewer than may wait to be sent
WAYS = ("off", "on", "unsampled")
SEED = 20261128


class Heard:
    def __init__(self) -> None:
        self.sent_spans = self.dropped_spans = 0

    def sent(self, spans: int) -> None:
        self.sent_spans += spans

    def dropped(self, spans: int, why: str) -> None:
        self.dropped_spans += spans


def collect(tell: Connection) -> None:
    """The collector, in a process of its own: its work is not ours."""
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from support.collector import collecting

    with collecting() as collector:
        tell.send(collector.endpoint)
        tell.recv()


def tracer(endpoint: str, heard: Heard, sampling: float) -> OtelTracer:
    return open_tracer(
        endpoint, {"service.name": "benchmark"}, sampling=sampling, heard=heard, close_within_s=10
    )


@contextmanager
def traced(by: OtelTracer | None) -> Iterator[None]:
    """Work in the block is traced, and all of it sent by the end, which is the tracer's too."""
    spans.install(by)
    try:
        yield
    finally:
        spans.install(None)
        if by:
            by.close()


def film(engine: Engine) -> None:
    with tempfile.TemporaryDirectory() as folder, spans.span("attempt"):
        engine.jobs.run(TASK, workdir=Path(folder), cancel=CancelToken(), report=lambda event: None)


def span_us(work: Callable[[], None]) -> float:
    """Microseconds for each of many."""
    began_s = time.perf_counter()
    for _ in range(SPANS):
        work()
    return (time.perf_counter() - began_s) / SPANS * 1e6


def one_span() -> None:
    with spans.span("stage", rows=3) as span:
        span.set(outcome="done")


def measure(engine: Engine, endpoint: str, rounds: int) -> dict[str, Any]:
    heard = Heard()
    openers: dict[str, Callable[[], OtelTracer | None]] = {
        "off": lambda: None,
        "on": lambda: tracer(endpoint, heard, 1.0),
        "unsampled": lambda: tracer(endpoint, heard, 0.0),
    }
    for opener in openers.values():  # what is loaded once
        with traced(opener()):
            film(engine)
    first = heard.sent_spans
    cpu, wall = films(engine, openers, rounds)
    film_spans = round((heard.sent_spans - first) / rounds, 1)
    cost: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(3):
        for way in WAYS:
            with traced(openers[way]()):
                cost[way].append(span_us(one_span))
    median = {way: statistics.median(cpu[way]) for way in WAYS}
    return {
        "film_s": FILM_S,
        "spans_of_the_film": film_spans,
        "dropped": heard.dropped_spans,
        "cpu_ratio": {way: round(median[way] / median["off"], 4) for way in WAYS},
        "wall_ratio": {
            way: round(statistics.median(wall[way]) / statistics.median(wall["off"]), 4)
            for way in WAYS
        },
        "cpu_s": {way: dataclasses.asdict(Spread.of(cpu[way])) for way in WAYS},
        "span_us": {way: round(min(cost[way]), 2) for way in WAYS},
    }


def films(
    engine: Engine, openers: Mapping[str, Callable[[], OtelTracer | None]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of processors and of the clock for each way, in rounds of shuffled order."""
    chance = random.Random(SEED)
    cpu: dict[str, list[float]] = {way: [] for way in WAYS}
    wall: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in chance.sample(WAYS, len(WAYS)):
            by = openers[way]()
            began_s, used_s = time.perf_counter(), processor_s()
            with traced(by):
                film(engine)
                wall[way].append(time.perf_counter() - began_s)
            cpu[way].append(processor_s() - used_s)  # with what is sent at the end
    return cpu, wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    telemetry.configure(level="warning", log_format="console")  # what is printed is the result
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    collector = context.Process(target=collect, args=(theirs,), daemon=True)
    collector.start()
    with tempfile.TemporaryDirectory() as folder:
        import_models(REPOSITORY / "demo" / "models", ModelStore(Path(folder)))
        engine = open_engine(Settings(models_dir=Path(folder), device="cpu"), preload=True)
        try:
            result = {**described(), **measure(engine, ours.recv(), options.rounds)}
        finally:
            engine.close()
            ours.send("enough")
            collector.join(10)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2) if options.json else table(result))


def table(result: dict[str, Any]) -> str:
    lines = [f"{'':12}{'processor':>10}{'wall':>8}{'one span, us':>14}"]
    cpu, wall, cost = (result[key] for key in ("cpu_ratio", "wall_ratio", "span_us"))
    lines += [f"{way:12}{cpu[way]:10.3f}{wall[way]:8.3f}{cost[way]:14.2f}" for way in WAYS]
    return "\n".join([*lines, f"{result['spans_of_the_film']:.0f} spans of the film"])


if __name__ == "__main__":
    main()
