"""Passages of all callers, gathered into batches for one model."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import Cancelled, Draining, EngineDied
from polycue.engine.backends.backend import Backend
from polycue.engine.batching.slots import Order
from polycue.speech.passage import Passage

Result = Future[Recognised]

_MAX_WAITING = 256  # passages; at most half a gigabyte of sound at 30 s each


@dataclass(frozen=True, slots=True)
class _Waiting:
    passage: Future[Passage]
    order: Order
    cancel: CancelToken


class Batcher:
    """Fills a batch whenever the model is free, oldest passage first.

    CTranslate2 merges nothing and its own queue knows no order, so everything waits here and the
    backend gets one batch for each of its workers. Safe to use from any thread.
    """

    def __init__(self, backend: Backend, *, max_waiting: int = _MAX_WAITING) -> None:
        self._backend = backend
        self._max_waiting = max_waiting
        self._changed = threading.Condition()
        self._waiting: dict[Result, _Waiting] = {}  # in order of arrival
        self._running = 0
        self._closed = False
        self._workers = [
            threading.Thread(target=self._work, name=f"{backend.facts.name}-{n}", daemon=True)
            for n in range(backend.workers)
        ]
        for worker in self._workers:
            worker.start()

    def __repr__(self) -> str:
        state = (
            "closed" if self._closed else f"{self._running} running, {len(self._waiting)} waiting"
        )
        return f"Batcher({self.facts.name}: {state})"

    @property
    def facts(self) -> ModelFacts:
        return self._backend.facts

    @property
    def max_rows(self) -> int:
        return self._backend.max_rows

    @property
    def capacity(self) -> int:
        """Rows that all workers hold together."""
        return self.max_rows * self._backend.workers

    def submit(self, passage: Future[Passage], order: Order, *, cancel: CancelToken) -> Result:
        """Queue a passage; blocks while the queue is full. Who cancels the result takes it back.

        Raises:
            Cancelled: the token was set while the queue was full.
            Draining: the batcher is closed.
        """
        result: Result = Future()
        forget = cancel.on_cancel(self._wake)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or cancel.cancelled or not self._full)
                cancel.check()
                if self._closed:
                    raise Draining
                self._waiting[result] = _Waiting(passage, order, cancel)
                self._changed.notify_all()
        finally:
            forget()
        result.add_done_callback(self._leave)
        return result

    def close(self) -> None:
        """Fail what waits with ``Draining``, let running batches end, and free the model."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = list(self._waiting), {}
            self._changed.notify_all()
        for result in waiting:
            if result.set_running_or_notify_cancel():
                result.set_exception(Draining())
        for worker in self._workers:
            worker.join()
        self._backend.close()

    @property
    def _full(self) -> bool:
        return len(self._waiting) >= self._max_waiting

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _leave(self, result: Result) -> None:
        """Give the place of a cancelled result free; others have left the queue before."""
        with self._changed:
            self._waiting.pop(result, None)
            self._changed.notify_all()

    def _work(self) -> None:
        while batch := self._take():
            self._run(batch)
            with self._changed:
                self._running -= 1

    def _take(self) -> dict[Result, _Waiting]:
        """The next batch; empty when there will be none any more."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return {}
                if batch := self._fill():
                    self._running += 1
                    return batch

    def _fill(self) -> dict[Result, _Waiting]:
        """The oldest passage, and behind it those with the same key as long as there is room."""
        key = next(iter(self._waiting.values())).order.key
        batch: dict[Result, _Waiting] = {}
        for result, waiting in list(self._waiting.items()):
            if waiting.order.key != key or len(batch) == self.max_rows:
                continue
            del self._waiting[result]
            if result.set_running_or_notify_cancel():
                batch[result] = waiting
        self._changed.notify_all()
        return batch

    def _run(self, batch: dict[Result, _Waiting]) -> None:
        """Settle every result of the batch; where it fails as a whole, each passage on its own."""
        try:
            recognised = self._backend.run([waiting.passage.result() for waiting in batch.values()])
            settled: Sequence[tuple[Result, Recognised]] = list(zip(batch, recognised, strict=True))
        except Exception as error:  # whatever it is, its callers must hear of it, not this thread
            if len(batch) == 1 and not isinstance(error, EngineDied):
                next(iter(batch)).set_exception(error)
                return
            for result, waiting in batch.items():
                self._run_alone(result, waiting)
            return
        for result, found in settled:
            result.set_result(found)

    def _run_alone(self, result: Result, waiting: _Waiting) -> None:
        try:
            waiting.cancel.check()
            result.set_result(self._backend.run_alone(waiting.passage.result()))
        except (Exception, Cancelled) as error:
            result.set_exception(error)
