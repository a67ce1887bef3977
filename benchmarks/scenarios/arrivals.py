"""Clips of 5 s that arrive as callers do, by chance: how long does each wait for its answer?

The rate is a share of what faster-whisper, tuned, can do at most, measured first. Both sides get
the same arrivals; a clip's time runs from when it arrives, whether or not somebody takes it then.
"""

import random
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scenarios.peer import FasterWhisper, Heard, Way, faster_whisper
from scenarios.place import CLIP, Workshop
from scenarios.rounds import Found, Outcome, Pace, Row, Side, interleaved, spread
from scenarios.served import CALLS, Server, serving, windows

LOADS = (0.5, 0.8)
TUNED = Way("sequential without VAD", tuned=True)
DEFAULTS = Way("sequential without VAD")


def measure(workshop: Workshop, pace: Pace, geometry: str = "tiny") -> Iterator[Outcome]:
    model = workshop.model(geometry, CLIP)
    clips = workshop.clips(pace.pick(6, 40, 120), 5.0)
    rows: list[Row] = []
    facts: dict[str, object] = {"model": model.name}
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data, "--call-wait-s=600") as server:
            peer.hear(TUNED, model, clips[:CALLS], callers=CALLS)  # loads and warms
            most = peer.hear(TUNED, model, clips, callers=CALLS)
            for load in LOADS:
                rate = load * len(clips) / most.seconds
                sides = _sides(server, peer, model, arrivals(len(clips), rate))
                before = list(rows)
                for found in interleaved(sides, clips, pace, warm_up=clips[:1]):
                    rows = before + _rows(f"Poisson arrivals at {load:.0%}, {geometry}", found)
                    facts[f"{load:.0%}"] = _facts(found) | {"clips_a_second": round(rate, 2)}
                    yield Outcome(rows, facts)


def _rows(name: str, found: Found) -> list[Row]:
    ours = found["polycue"]
    return [
        Row(
            f"{name}, p{p}: {side} over ours",
            [_at(p, a) / _at(p, b) for a, b in zip(heard, ours, strict=True)],
            1.0,
            at_least=True,
            note="seconds from arrival to answer",
            judged=False,
        )
        for side, heard in found.items()
        if side != "polycue"
        for p in (50, 95, 99)
    ]


def _facts(found: Found) -> dict[str, object]:
    return {
        name: spread([s for each in heard for s in each.took_s]) for name, heard in found.items()
    }


def arrivals(count: int, rate: float) -> list[float]:
    """Seconds after the start, as independent callers come: ``rate`` a second on average."""
    chance, now_s, found = random.Random(count), 0.0, []
    for _ in range(count):
        now_s += chance.expovariate(rate)
        found.append(now_s)
    return found


def _sides(server: Server, peer: FasterWhisper, model: Path, at_s: list[float]) -> dict[str, Side]:
    sides: dict[str, Side] = {"polycue": lambda clips: _arriving(server, clips, at_s)}
    for way in (DEFAULTS, TUNED):
        sides[way.name] = lambda clips, way=way: peer.hear(
            way, model, clips, callers=CALLS, at_s=at_s
        )
    return sides


def _at(percentile: int, heard: Heard) -> float:
    return spread(heard.took_s)[f"p{percentile}"]


def _arriving(server: Server, clips: Sequence[Path], at_s: Sequence[float]) -> Heard:
    contents = [clip.read_bytes() for clip in clips]
    tokens: list[list[int]] = [[] for _ in clips]
    took_s = [0.0] * len(clips)
    with server.client() as client, ThreadPoolExecutor(len(clips)) as callers:
        ready = threading.Barrier(len(clips) + 1)
        began = [0.0]

        def call(number: int) -> None:
            ready.wait()
            arrives = began[0] + at_s[number]
            time.sleep(max(0.0, arrives - time.perf_counter()))
            _, usage = server.clip(client, contents[number])
            took_s[number] = time.perf_counter() - arrives
            tokens[number] = windows(usage)

        calls = [callers.submit(call, number) for number in range(len(clips))]
        began[0] = time.perf_counter()
        ready.wait()
        for each in calls:
            each.result()
    return Heard(time.perf_counter() - began[0], tokens, took_s)
