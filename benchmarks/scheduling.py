"""What does the batcher cost, and what do its rules buy, beside a queue that knows no callers?

Prints a table and writes benchmarks/results/scheduling.json and .png. Run it from anywhere::

    .venv/bin/python benchmarks/scheduling.py

The cost is the processor time of the real batcher, threads and all, around a backend that answers
at once: for each row, with so many callers and so many rows waiting. What the rules buy is counted
on imaginary devices with a clock that only events move (``polycue.testing.rota``), so it is the
same on every machine: a CPU whose time is the work of all rows, two workers of two rows, and a GPU
whose time is that of its longest row, sixteen at once. The peer is the same queue when all
rows come from one caller, which makes it first come, first served: what one has who hands rows to
CTranslate2, whose queue knows no callers either.
"""

import argparse
import json
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import machine
from polycue.domain.audio import Span
from polycue.domain.caller import NOBODY, Caller, Urgency
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.transcript import ChunkFacts
from polycue.engine.batching.batcher import Batcher
from polycue.engine.batching.slots import Order, Slot
from polycue.speech.passage import DecodeSettings, Passage
from polycue.testing.rota import Asked, Rota, Service, work_at

REPOSITORY = Path(__file__).resolve().parents[1]
SEED = 20261127
SHAPES = ((1, 1), (1, 16), (16, 4), (64, 4))  # callers, and rows of each
ROUNDS = 7
ROW_BYTES = 960_000
FACTS = ModelFacts("none", ("en",), 30_000, translates=True, demo=False)
SECONDS = 1800.0  # of the imaginary clock


@dataclass(frozen=True)
class Device:
    """``row_s`` is what a full row takes alone."""

    name: str
    service: Service
    max_rows: int
    workers: int

    def alone_s(self, order: Order) -> float:
        return self.service([order])


def longest(orders: Sequence[Order]) -> float:
    """As a GPU does: the encoder's part for each row, and steps for the longest."""
    return 0.01 * len(orders) + 0.005 * (max(order.work for order in orders) - 64)


CPU = Device("imaginary CPU", work_at(340.0), max_rows=2, workers=2)  # tiny, two cores
GPU = Device("imaginary GPU", longest, max_rows=16, workers=1)


class Answers:
    """A backend that is done at once."""

    facts, device, workers, max_rows = FACTS, "none", 2, 4

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return [self.run_alone(passage) for passage in batch]

    def run_alone(self, passage: Passage) -> Recognised:
        facts = ChunkFacts(passage.start_ms, passage.end_ms, "en", -0.1, 0.0, 1.0, 0)
        return Recognised((), facts, 1.0, tokens=100)

    def close(self) -> None: ...


def cost_us(callers: int, rows: int) -> float:
    """Microseconds of processor time for each row; each caller keeps ``rows`` under way."""
    settings = DecodeSettings(language="en")
    made: Future[Passage] = Future()
    features = np.zeros((80, 100), np.float32)
    made.set_result(Passage(0, 30_000, (Span(0, 30_000),), features, settings))
    each = 4000 // callers

    def film(number: int) -> None:
        order = replace(row(Caller(str(number % 4), str(number))), key=settings.key)
        under_way: list[Future[Recognised]] = []
        for _ in range(each):
            under_way.append(batcher.submit(made, order, cancel=CancelToken()))
            if len(under_way) == rows:
                under_way.pop(0).result()
        for result in under_way:
            result.result()

    batcher = Batcher([Answers()])
    films = [threading.Thread(target=film, args=(number,)) for number in range(callers)]
    begun_s = time.process_time()
    for thread in films:
        thread.start()
    for thread in films:
        thread.join()
    took_s = time.process_time() - begun_s
    batcher.close()
    return took_s / (each * callers) * 1e6


def costs_us() -> dict[str, dict[str, int]]:
    rounds = [{shape: cost_us(*shape) for shape in SHAPES} for _ in range(ROUNDS)]
    return {
        f"{callers} callers, {rows} rows each": {
            "least": round(min(r[callers, rows] for r in rounds)),
            "median": round(statistics.median(r[callers, rows] for r in rounds)),
            "greatest": round(max(r[callers, rows] for r in rounds)),
        }
        for callers, rows in SHAPES
    }


def row(caller: Caller, speech_ms: int = 30_000, *, again: bool = False) -> Order:
    return Order(caller, "hot" if again else "k", speech_ms, speech_ms, ROW_BYTES, again)


@dataclass
class Played:
    """What became of rows, by the orders that their callers gave."""

    rota: Rota
    orders: list[Order]

    def served(self) -> list[tuple[Order, Slot, float, float]]:
        """Each row's order, and when it was begun and ended."""
        return [
            (self.orders[slot.number], slot, batch.begun_s, batch.ended_s)
            for batch in self.rota.batches
            for slot in batch.slots
        ]


def play(
    device: Device, films: Sequence[Callable[[], Order]], clips: Sequence[Asked], *, fair: bool
) -> Played:
    """Films that always have two batches under way, and rows that come when they come.

    Where it is not ``fair``, the queue is not told whose a row is.
    """
    orders: list[Order] = []
    asked_by: list[Callable[[], Order] | None] = []
    ahead = 2 * device.max_rows * device.workers

    def asked(at_s: float, order: Order, film: Callable[[], Order] | None) -> Asked:
        orders.append(order)
        asked_by.append(film)
        return Asked(at_s, order if fair else replace(order, caller=NOBODY, again=False))

    def ended(slot: Slot, now_s: float) -> Sequence[Asked]:
        film = asked_by[slot.number]
        return [] if film is None else [asked(now_s, film(), film)]

    rota = Rota(device.service, max_rows=device.max_rows, workers=device.workers, ended=ended)
    # Rows are numbered as they are asked for, so those that come later are fed in time.
    rota.ask(*(asked(0.0, film(), film) for film in films for _ in range(ahead)))
    for clip in sorted(clips, key=lambda clip: clip.at_s):
        rota.run(until_s=clip.at_s)
        rota.ask(asked(clip.at_s, clip.order, None))
        rota.run(until_s=clip.at_s)
    rota.run(until_s=SECONDS)
    return Played(rota, orders)


def film(caller: Caller, rng: random.Random, again: float = 0.0) -> Callable[[], Order]:
    return lambda: row(caller, rng.randrange(5_000, 30_001), again=rng.random() < again)


def share_of_one(device: Device, *, fair: bool) -> float:
    """What a tenant with one film gets beside one with twenty."""
    rng = random.Random(SEED)
    films = [film(Caller("one", "0"), rng)]
    films += [film(Caller("many", str(n)), rng) for n in range(20)]
    work = Counter[str]()
    for order, _, _, _ in play(device, films, (), fair=fair).served():
        work[order.caller.tenant] += order.work
    return work["one"] / work.total()


def clip_times(device: Device, *, fair: bool, films: int) -> dict[str, float]:
    """How long clips of 10 s take behind films, over what they take alone."""
    rng = random.Random(SEED)
    many = [film(Caller("films", str(n)), rng) for n in range(films)]
    clips, at_s = [], 0.0
    while (at_s := at_s + rng.expovariate(0.2)) < SECONDS - 100:
        caller = Caller("clips", str(len(clips)), Urgency.LIVE)
        clips.append(Asked(at_s, row(caller, 10_000)))
    times = [
        (ended_s - slot.asked_s) / device.alone_s(order)
        for order, slot, _, ended_s in play(device, many, clips, fair=fair).served()
        if order.caller.urgency is Urgency.LIVE
    ]
    cuts = statistics.quantiles(times, n=100)
    return {f"p{p}": round(cuts[p - 1], 2) for p in (50, 95, 99)} | {"most": round(max(times), 2)}


def doubtful(device: Device) -> dict[str, float]:
    """How doubtful rows, one in twenty, fare among films that never end."""
    rng = random.Random(SEED)
    films = [film(Caller(str(n % 3), str(n)), rng, again=0.05) for n in range(9)]
    played = play(device, films, (), fair=True)
    waits = [begun_s - s.ready_s for order, s, begun_s, _ in played.served() if order.again]
    batches = [batch for batch in played.rota.batches if batch.slots[0].order.again]
    return {
        "median_wait_s": round(statistics.median(waits), 1),
        "longest_wait_s": round(max(waits), 1),
        "rows_a_batch": round(len(waits) / len(batches), 2),
    }


def plot(clips: dict[str, dict[str, dict[str, float]]], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(clips), figsize=(9, 4), layout="constrained")
    for axes, (name, times) in zip(panels, clips.items(), strict=True):
        for offset, (how, colour) in enumerate(
            {"first come": "#f2a65a", "polycue": "#1b4965"}.items()
        ):
            values = times[how]
            at = [index + 0.4 * offset for index in range(len(values))]
            bars = axes.bar(at, list(values.values()), 0.4, color=colour, label=how)
            axes.bar_label(bars, fmt="%.1f", fontsize=8)
        axes.set_xticks([index + 0.2 for index in range(len(values))], list(values))
        axes.set_yscale("log")
        axes.set_ylim(1, 100)
        axes.set_yticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
        axes.minorticks_off()
        axes.set_title(name, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("a clip's time behind films, over its time alone")
    panels[0].legend(frameon=False, loc="upper left")
    figure.savefig(target, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=REPOSITORY / "benchmarks" / "results")
    arguments = parser.parse_args()
    described = machine.described()
    cost = costs_us()
    ways = {"first come": False, "polycue": True}
    clips = {
        f"{device.name}, {films} film{'s' * (films > 1)}": {
            how: clip_times(device, fair=fair, films=films) for how, fair in ways.items()
        }
        for device, films in ((CPU, 1), (CPU, 8), (GPU, 8))
    }
    report = {
        **described,
        "microseconds_a_row": cost,
        "share_of_a_tenant_with_one_film_beside_one_with_twenty": {
            device.name: {
                how: round(share_of_one(device, fair=fair), 3) for how, fair in ways.items()
            }
            for device in (CPU, GPU)
        },
        "clip_time_over_alone": clips,
        "doubtful_rows": {device.name: doubtful(device) for device in (CPU, GPU)},
        "devices": {
            device.name: {k: v for k, v in asdict(device).items() if isinstance(v, int)}
            for device in (CPU, GPU)
        },
    }
    target = arguments.results / "scheduling.json"
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(clips, arguments.results / "scheduling.png")
    print(target.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
