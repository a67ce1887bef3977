"""How far a run has come, in numbers."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from polycue_client.cli.bulk.rows import DONE, FAILED, FilmRow

_HOUR_MS = 3_600_000


@dataclass(slots=True)
class Totals:
    """``films`` is how many there are, None until they are counted.

    ``heard_ms`` is the sound of films that are done and of those at work, as far as they are.
    """

    clock: Callable[[], float] = time.monotonic
    states: Counter[str] = field(default_factory=Counter)
    films: int | None = None
    done_ms: int = 0
    at_work_ms: int = 0
    waiting: int = 0
    running: int = 0
    sending: int = 0
    _began_s: float = field(init=False)
    _worked: int = 0

    def __post_init__(self) -> None:
        self._began_s = self.clock()

    def add(self, row: FilmRow) -> None:
        self.states[row.state] += 1
        if row.state == DONE:
            self.done_ms += row.duration_ms or 0
        self._worked += row.state in {DONE, FAILED}

    @property
    def seen(self) -> int:
        return sum(self.states.values())

    @property
    def heard_ms(self) -> int:
        return self.done_ms + self.at_work_ms

    @property
    def elapsed_s(self) -> float:
        return self.clock() - self._began_s

    @property
    def speed(self) -> float:
        """Sound in so much time, as times real time."""
        return self.heard_ms / 1000 / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """How long it will take from here at the pace so far; None where nobody can know."""
        if self.films is None or not self._worked:
            return None
        return max(0, self.films - self.seen) * self.elapsed_s / self._worked


def hours(time_ms: float) -> str:
    """For people: ``41 s``, ``12:05``, ``3:12:05``, ``1,204 h``."""
    seconds = round(time_ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    if time_ms >= 100 * _HOUR_MS:
        return f"{time_ms / _HOUR_MS:,.0f} h"
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute}:{second:02d}"
