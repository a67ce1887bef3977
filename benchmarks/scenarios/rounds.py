"""Sides that do the same work in turn, and what comes out of it."""

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.peer import Heard


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure for each round, and the goal that it has."""

    name: str
    values: Sequence[float]
    goal: float
    at_least: bool
    unit: str = "x"
    note: str = ""
    judged: bool = True  # False: told beside a judged row, and no goal of its own
    flaw: str = ""  # why the figure does not count; such a row is missed

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def reached(self) -> bool:
        if self.flaw:
            return False
        return self.median >= self.goal if self.at_least else self.median <= self.goal

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "median": round(self.median, 4),
            "least": round(min(self.values), 4),
            "greatest": round(max(self.values), 4),
            "rounds": len(self.values),
            "goal": self.goal,
            "sense": "at least" if self.at_least else "at most",
            "unit": self.unit,
            "reached": self.reached,
            "judged": self.judged,
            "note": self.note,
            "flaw": self.flaw,
        }


@dataclass
class Outcome:
    """What a scenario found: rows of the table, and all that they were made of."""

    rows: list[Row]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pace:
    """How much a scenario measures and how long it may take, in seconds.

    No round but the first is begun when the time is up. ``size`` is "smoke" (does it run at all?),
    "quick" or "full". A benchmark that stands for itself leaves its own report in ``reports``.
    """

    size: str
    rounds: int
    limit_s: float
    reports: Path | None = None

    def pick(self, smoke: int, quick: int, full: int) -> int:
        return {"smoke": smoke, "quick": quick, "full": full}[self.size]

    def started(self) -> Callable[[int], bool]:
        """Whether another round may begin, as a function of how many there were."""
        end = time.monotonic() + self.limit_s
        return lambda done: done == 0 or (done < self.rounds and time.monotonic() < end)


Side = Callable[[Sequence[Path]], Heard]
Found = dict[str, list[Heard]]


def interleaved(
    sides: dict[str, Side], files: Sequence[Path], pace: Pace, *, warm_up: Sequence[Path]
) -> Iterator[Found]:
    """All sides in each round, in a new order every time; they must have done the same work.

    Gives all rounds so far after each, so that none is lost that was finished. Before the first
    each side hears the files of ``warm_up``, which do not count.
    """
    for side in sides.values():
        side(warm_up)
    found: Found = {name: [] for name in sides}
    another, chance = pace.started(), random.Random(20261127)
    done = 0
    while another(done):
        for name in chance.sample(list(sides), len(sides)):
            heard = sides[name](files)
            found[name].append(heard)
            print(f"  round {done + 1}: {name:<44} {heard.seconds:8.2f} s", flush=True)
        done += 1
        alike(found)
        yield found


def alike(found: Found) -> None:
    """As many windows and tokens of each file on all sides, or there is nothing to compare."""
    work = {
        tuple((len(tokens), sum(tokens)) for tokens in each.tokens)
        for heard in found.values()
        for each in heard
    }
    if len(work) > 1:
        lines = [
            f"  {name}: {each.windows} windows, {each.token_count} tokens"
            for name, heard in found.items()
            for each in heard
        ]
        raise SystemExit("the sides did not do the same work:\n" + "\n".join(lines))


def ratios(over: Sequence[Heard], under: Sequence[Heard]) -> list[float]:
    return [a.seconds / b.seconds for a, b in zip(over, under, strict=True)]


def facts_of(found: Found) -> dict[str, Any]:
    return {
        name: {
            "seconds": [round(each.seconds, 3) for each in heard],
            "core_seconds": [round(each.core_seconds, 2) for each in heard],
            "windows": heard[0].windows,
            "tokens": heard[0].token_count,
            "took_s": spread([s for each in heard for s in each.took_s]),
        }
        for name, heard in found.items()
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Percentiles by nearest rank."""
    ordered = sorted(values)
    if not ordered:
        return {}
    rank = {p: ordered[min(len(ordered) - 1, int(p / 100 * len(ordered)))] for p in (50, 95, 99)}
    return {"count": len(ordered)} | {f"p{p}": round(value, 3) for p, value in rank.items()}
