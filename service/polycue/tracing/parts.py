"""What a piece of work consisted of, timed where it was done, for spans told of elsewhere.

An engine's process exports nothing: its server is told with each answer. While nobody asks, a part
costs a look at one variable.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Self

from polycue.tracing.spans import Value


@dataclass(frozen=True, slots=True)
class Part:
    """``began_ns`` is since the epoch, by its machine's clock; ``failed`` is a class of errors."""

    name: str
    began_ns: int
    took_ns: int
    facts: Mapping[str, Value] = field(default_factory=dict)
    parts: tuple["Part", ...] = ()
    failed: str = ""

    @property
    def ended_ns(self) -> int:
        return self.began_ns + self.took_ns

    def moved(self, by_ns: int) -> Self:
        """The same by another clock."""
        parts = tuple(part.moved(by_ns) for part in self.parts)
        return replace(self, began_ns=self.began_ns + by_ns, parts=parts)


class Noted:
    """Parts of one piece of work, in the order of their ends; it begins with this."""

    def __init__(self, around: "Noted | None" = None) -> None:
        self.parts: list[Part] = []
        # A clock that is put right meanwhile must not tear them apart.
        now_ns = time.time_ns() - time.perf_counter_ns()
        self._ahead_ns: int = around._ahead_ns if around else now_ns
        self.began_ns = self.now_ns()

    def __repr__(self) -> str:
        return f"Noted({[part.name for part in self.parts]})"

    def now_ns(self) -> int:
        return self._ahead_ns + time.perf_counter_ns()

    @contextmanager
    def here(self) -> Iterator[None]:
        """Note the parts of what this thread does in the block."""
        token = _noted.set(self)
        try:
            yield
        finally:
            _noted.reset(token)

    def take_in(self, told: Sequence[Part], since_ns: int, facts: Mapping[str, Value]) -> None:
        """Add what another process says that it has done since then, when it was asked.

        Its clock may be that of another machine and be wrong by any time. What it did lies within
        that of being asked and answering: there it is put, as near as may be to where it says.
        ``way_ms`` is what of that time it does not account for.
        """
        if not told:
            return
        now_ns, began_ns, ended_ns = self.now_ns(), told[0].began_ns, told[-1].ended_ns
        latest_ns = now_ns - (ended_ns - began_ns)
        by_ns = max(since_ns, min(began_ns, latest_ns)) - began_ns
        way_ns = max(0, now_ns - since_ns - (ended_ns - began_ns))
        facts = {**facts, "way_ms": round(way_ns / 1e6)}
        self.parts += [replace(part.moved(by_ns), facts={**part.facts, **facts}) for part in told]


_noted: ContextVar[Noted | None] = ContextVar("parts", default=None)


def noted() -> Noted | None:
    """Who notes here, None where nobody does."""
    return _noted.get()


@contextmanager
def part(name: str, **facts: Value) -> Iterator[None]:
    """What is done in the block is a part of the work, and what is noted in it parts of that."""
    around = _noted.get()
    if around is None:
        yield
        return
    within, failed = Noted(around), ""
    try:
        with within.here():
            yield
    except BaseException as error:
        failed = type(error).__name__
        raise
    finally:
        took_ns = within.now_ns() - within.began_ns
        done = Part(name, within.began_ns, took_ns, facts, tuple(within.parts), failed)
        around.parts.append(done)
