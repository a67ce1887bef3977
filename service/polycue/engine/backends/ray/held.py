"""The actors of a bridge by number: what each logs, and how it ended."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from polycue import telemetry
from polycue.domain.errors import ClusterUnavailable
from polycue.engine.backends.ray import actor
from polycue.engine.backends.supervised.child import Cause, End

LOG = "log"
"""The concurrency group of an actor that its lines come by."""

_ENDED = Cause(End.CLOSED, "it was ended")

log = telemetry.logger(__name__)


@dataclass(eq=False, slots=True)
class _One:
    handle: Any
    ended: Future[Cause] = field(default_factory=Future)


class Held:
    """Safe to use from any thread. ``kill`` ends an actor, ``cause`` reads an error of Ray's."""

    def __init__(
        self, kill: Callable[[Any], None], cause: Callable[[BaseException], Cause]
    ) -> None:
        self._kill, self._cause = kill, cause
        self._lock = threading.Lock()
        self._beginning: set[int] = set()
        self._there: dict[int, _One] = {}
        self._unwatched: dict[int, _One] = {}
        self._pool = ThreadPoolExecutor(4, "ray-log")

    def __repr__(self) -> str:
        return f"Held({len(self._there)} there, {len(self._beginning)} beginning)"

    def get(self, number: int) -> Any:
        """Its handle, None where it has ended."""
        one = self._there.get(number)
        return one.handle if one else None

    @contextmanager
    def beginning(self, number: int) -> Iterator[None]:
        """Within the block it begins; whatever is raised, nothing is left of it."""
        with self._lock:
            self._beginning.add(number)
        try:
            yield
        except BaseException:
            self.end(number)
            raise
        finally:
            with self._lock:
                self._beginning.discard(number)

    def add(self, number: int, handle: Any) -> None:
        """One that begins has a handle now.

        Raises:
            ClusterUnavailable: it was ended already, and is.
        """
        with self._lock:
            is_wanted = number in self._beginning
            if is_wanted:
                self._there[number] = self._unwatched[number] = _One(handle)
        if not is_wanted:
            self._kill(handle)
            raise ClusterUnavailable("nobody waits for the actor any more")

    def listen(self, number: int, node: str) -> None:
        """Take in what it logs from now on, and so hear of its end."""
        one = self._there.get(number)
        if one is not None:
            self._listen(number, one, node)

    def watch(self, number: int) -> Future[Cause]:
        """How it ends; for one who asks, once."""
        with self._lock:
            one = self._unwatched.pop(number, None)
        if one is not None:
            return one.ended
        told: Future[Cause] = Future()
        told.set_result(_ENDED)
        return told

    def end(self, number: int) -> None:
        with self._lock:
            self._beginning.discard(number)
            self._unwatched.pop(number, None)
            one = self._there.pop(number, None)
        if one is not None:
            self._kill(one.handle)

    def _listen(self, number: int, one: _One, node: str) -> None:
        if number not in self._there:
            one.ended.set_result(_ENDED)
            return
        try:
            lines: Future[Any] = one.handle.lines.options(concurrency_group=LOG).remote().future()
        except Exception as error:  # nobody would hear of its end any more
            self._gone(number, one, error)
            self._kill(one.handle)
        else:
            lines.add_done_callback(
                lambda done: self._pool.submit(self._heard, number, one, node, done)
            )

    def _heard(self, number: int, one: _One, node: str, done: Future[Any]) -> None:
        try:
            lines = done.result()
        except Exception as error:
            self._gone(number, one, error)
            return
        try:
            actor.log(lines, node)
        except Exception:  # it works, whatever it says
            log.exception("what an actor logs cannot be told", node=node)
        self._listen(number, one, node)

    def _gone(self, number: int, one: _One, error: Exception) -> None:
        with self._lock:
            self._there.pop(number, None)
        one.ended.set_result(self._cause(error))
