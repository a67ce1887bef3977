"""What a simulation, or a real run of the same load, is asked."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from polycue.engine.batching.slots import Order


class Waited(Protocol):
    """A row whose batch begins."""

    order: Order
    ready_s: float


@dataclass
class Readings:
    """Taken from ``from_s`` to ``until_s``, so that filling up and running dry do not count."""

    gpus: int
    from_s: float = 0.0
    until_s: float = math.inf
    row_waits_s: list[float] = field(default_factory=list)
    job_waits_s: list[float] = field(default_factory=list)
    job_times: list[float] = field(default_factory=list)  # over the length of the film
    busy_s: float = 0.0  # that devices computed
    batches: int = 0
    rows: int = 0
    sound_s: float = 0.0
    last_s: float = 0.0  # when the last batch ended
    _slices: dict[int, Counter[str]] = field(default_factory=dict)

    def counts(self, at_s: float) -> bool:
        return self.from_s <= at_s < self.until_s

    def batch_begun(self, at_s: float, rows: Sequence[Waited]) -> None:
        if self.counts(at_s):
            self.row_waits_s += [at_s - row.ready_s for row in rows]

    def batch_ended(self, at_s: float, computed_s: float, rows: Sequence[Waited]) -> None:
        """``computed_s`` is what the device took, which ended now."""
        self.last_s = max(self.last_s, at_s)
        inside = min(at_s, self.until_s) - max(at_s - computed_s, self.from_s)
        self.busy_s += max(0.0, min(inside, computed_s))
        if self.counts(at_s):
            self.batches += 1
            self.rows += len(rows)
            got = self._slices.setdefault(int(at_s), Counter())
            for row in rows:
                if not row.order.again:
                    self.sound_s += row.order.audio_ms / 1000
                got[row.order.caller.tenant] += row.order.work

    def job_claimed(self, at_s: float, asked_s: float) -> None:
        if self.counts(at_s):
            self.job_waits_s.append(at_s - asked_s)

    def job_ended(self, at_s: float, asked_s: float, sound_s: float) -> None:
        if self.counts(at_s):
            self.job_times.append((at_s - asked_s) / sound_s)

    @property
    def window_s(self) -> float:
        return min(self.until_s, self.last_s) - self.from_s

    @property
    def busy_share(self) -> float:
        """Of all devices' time, that they computed."""
        return self.busy_s / (self.gpus * self.window_s) if self.window_s > 0 else 0.0

    def got(self) -> Mapping[int, Mapping[str, int]]:
        """Tokens' worth of work that each tenant got, by second."""
        return self._slices


@dataclass(frozen=True, slots=True)
class Figures:
    """What a simulated and a real run are compared by."""

    makespan_s: float
    busy_share: float
    wait_p50_s: float
    wait_p99_s: float
    rows_a_batch: float

    @classmethod
    def of(cls, readings: Readings, makespan_s: float) -> "Figures":
        waits = readings.row_waits_s
        return cls(
            makespan_s,
            readings.busy_s / (readings.gpus * makespan_s),
            percentile(waits, 50) or 0.0,
            percentile(waits, 99) or 0.0,
            readings.rows / readings.batches,
        )


def percentile(values: Sequence[float], percent: float) -> float | None:
    """By nearest rank; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(percent / 100 * len(ordered)))]


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 where all have the same, 1/n where one has it all."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def fairness(
    got: Mapping[int, Mapping[str, float]], waiting: Iterator[tuple[int, frozenset[str]]]
) -> float | None:
    """Jain's index over the tenants that had jobs waiting throughout a second, over all seconds.

    ``waiting`` has those by second. None where never two of them waited.
    """
    found = [
        jain([got.get(second, {}).get(tenant, 0.0) for tenant in tenants])
        for second, tenants in waiting
        if len(tenants) > 1
    ]
    return sum(found) / len(found) if found else None
