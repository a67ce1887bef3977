"""What a batcher's threads work on, and with."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.engine.backends.backend import Backend
from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.batching.room import Room
from polycue.engine.batching.slots import Slot
from polycue.speech.passage import Passage
from polycue.tracing import spans
from polycue.tracing.parts import Noted


class Result(Future[Recognised]):
    """``inside`` says that the row is in the queue, where it was held back for want of room."""

    inside = False


@dataclass(eq=False, slots=True)
class Row(Slot):
    """A row and its promises: ``result`` is settled by whoever ends it in the queue.

    ``entered`` is called, in any thread, when there is room for it.
    """

    passage: Future[Passage]
    cancel: CancelToken
    entered: Callable[[], None]
    result: Result = field(default_factory=Result, init=False)

    def begin(self) -> bool:
        """Whether it is still wanted; its result cannot be taken back from now on."""
        return self.result.running() or self.result.set_running_or_notify_cancel()

    def fail(self, error: BaseException) -> None:
        if self.begin():
            self.result.set_exception(error)

    def drop_passage(self) -> None:
        """Need its sound no more: who holds on to the result does not hold a megabyte."""
        self.passage.cancel()  # does nothing to one that is made
        self.passage = _DROPPED


_DROPPED: Future[Passage] = Future()


class Bench:
    """A backend, with what its workers have learnt about it. Safe to use from any thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._lock = threading.Lock()
        self._room = Room(backend.max_rows)
        self.leaving = False  # under the hall's lock
        self.workers: list[threading.Thread] = []

    def __repr__(self) -> str:
        return f"Bench({self.backend.device}, {self._room})"

    @property
    def rows(self) -> int:
        """How many rows a batch may have now."""
        return self._room.rows

    def went_well(self, rows: int) -> None:
        with self._lock:
            self._room.went_well(rows)

    def out_of_memory(self, rows: int) -> None:
        with self._lock:
            self._room.failed(rows)


@dataclass(frozen=True, slots=True)
class Run:
    """A batch that one worker has begun."""

    bench: Bench
    worker: int
    rows: Sequence[Row]
    max_rows: int
    begun_s: float
    noted: Noted = field(default_factory=Noted)

    def noting(self) -> AbstractContextManager[None]:
        """Note what its work in the block consists of, where a trace wants to know."""
        wanted = spans.wanted(row.order.origin.trace for row in self.rows)
        return self.noted.here() if wanted else nullcontext()

    def done(self, now_s: float, found: Sequence[Recognised] = ()) -> BatchDone:
        """What is told of it; without results it has failed."""
        backend = self.bench.backend
        tokens = [one.tokens for one in found] if found else [0] * len(self.rows)
        return BatchDone(
            model=backend.facts.name,
            device=backend.device,
            worker=self.worker,
            rows=tuple(
                Served(
                    caller=row.order.caller,
                    waited_s=self.begun_s - row.ready_s,
                    age_s=now_s - row.asked_s,
                    tokens=count,
                    audio_ms=row.order.audio_ms,
                    again=row.order.again,
                    origin=row.order.origin,
                )
                for row, count in zip(self.rows, tokens, strict=True)
            ),
            max_rows=self.max_rows,
            took_s=now_s - self.begun_s,
            failed=not found,
            began_ns=self.noted.began_ns,
            ended_ns=self.noted.now_ns(),
            parts=self.noted.parts,
        )
