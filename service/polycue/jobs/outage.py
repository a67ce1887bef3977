"""A store that does not answer: since when, and how long whoever asks it wants to wait."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_most_s: ContextVar[float | None] = ContextVar("most_s", default=None)
_looks: ContextVar[bool] = ContextVar("looks", default=False)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Let stores that do not answer be waited for no longer than this within the block.

    Work has the patience of the store itself; a call has a caller with a deadline.
    """
    token = _most_s.set(seconds)
    try:
        yield
    finally:
        _most_s.reset(token)


@contextmanager
def looking(seconds: float) -> Iterator[None]:
    """As ``waiting_at_most``, but a store is tried though it has not answered for long."""
    token = _looks.set(True)
    try:
        with waiting_at_most(seconds):
            yield
    finally:
        _looks.reset(token)


def patience_s(own_s: float) -> float:
    """How long to wait here: as long as the store's own patience, or what the block allows."""
    most_s = _most_s.get()
    return own_s if most_s is None else min(own_s, most_s)


class Outage:
    """Told by everybody who tries what a store answers. Safe to use from several threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._since_s: float | None = None
        self.problem = ""

    def __repr__(self) -> str:
        return f"Outage({self.lasts_s:.1f} s)"

    @property
    def lasts_s(self) -> float:
        """0 while the store answers."""
        since_s = self._since_s
        return 0.0 if since_s is None else self._clock() - since_s

    def failed(self, problem: str) -> None:
        """A try came to nothing."""
        with self._lock:
            self.problem = problem
            if self._since_s is None:
                self._since_s = self._clock()

    def answered(self) -> None:
        """A try went well."""
        if self._since_s is not None:
            with self._lock:
                self._since_s = None

    def is_hopeless(self, own_s: float) -> bool:
        """Whether it lasts longer than anybody here waits, who has not all patience, nor looks."""
        waits_s = patience_s(own_s)
        return waits_s < own_s and self.lasts_s > waits_s and not _looks.get()
