"""Rows of all callers, gathered into batches for one model on one or several devices."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import Cancelled, Draining, EngineDied, OutOfMemory
from polycue.engine import counting
from polycue.engine.backends.backend import Backend, is_for_all
from polycue.engine.batch_done import BatchDone, Queued
from polycue.engine.batching.credits import Credits, of_request
from polycue.engine.batching.hall import Hall
from polycue.engine.batching.slots import Order
from polycue.engine.batching.work import Bench, Result, Row, Run
from polycue.engine.origin import log_facts
from polycue.speech.passage import Passage

log = telemetry.logger(__name__)


class Batcher:
    """Fills a batch whenever a worker is free; ``filling`` says with which rows.

    CTranslate2 merges nothing and its own queue knows no order, so everything waits here, and each
    of a backend's workers has one batch at a time. ``note`` is told of each batch before anybody
    has its results, in the worker's thread. ``credits_`` are those of all batchers that share
    the memory. Safe to use from any thread; ``close`` must be called.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        *,
        note: Callable[[BatchDone], None] = lambda done: None,
        clock: Callable[[], float] = time.monotonic,
        credits_: Credits | None = None,
    ) -> None:
        self.facts: ModelFacts = backends[0].facts
        self._benches = [Bench(backend) for backend in backends]
        self._changing = threading.Lock()  # of the benches; taken before the hall's
        self._note, self._clock = note, clock
        self._hall = Hall(self.max_rows, credits_ or Credits(), of_request(self.capacity), clock)
        for bench in self._benches:
            self._begin(bench)

    def __repr__(self) -> str:
        return f"Batcher({self.facts.name}: {self._hall}, {self._benches})"

    @property
    def max_rows(self) -> int:
        """How many rows a batch has at most."""
        return max(bench.backend.max_rows for bench in self._benches)

    @property
    def capacity(self) -> int:
        """How many rows all workers hold together."""
        return sum(b.backend.workers * b.backend.max_rows for b in self._benches)

    @property
    def queue(self) -> Queued:
        """What it holds now."""
        return self._hall.now()

    def submit(
        self,
        passage: Future[Passage],
        order: Order,
        *,
        cancel: CancelToken,
        entered: Callable[[], None] = lambda: None,
    ) -> Result:
        """Queue a row, which keeps its place while its passage is being made.

        While as much is held as may be, a row is held back at the door: until its result says that
        it is ``inside``, and ``entered`` is called, a caller asks for no more. A row is taken back
        by its token and by cancelling its result; one that runs by then runs for nobody.

        Raises:
            Cancelled: the token is set.
            Draining: the batcher is closed.
        """
        return self._hall.enter(passage, order, cancel, entered).result

    def take_in(self, backend: Backend) -> None:
        """Have one more work on the rows, of the same model, from now on.

        Raises:
            Draining: the batcher is closed; the backend is not.
        """
        with self._changing:
            if self._hall.closed:
                raise Draining
            bench = Bench(backend)
            self._benches = [*self._benches, bench]
            self._hall.allow(of_request(self.capacity))
            self._begin(bench)

    def let_go(self, backend: Backend) -> None:
        """Have one work on no more rows, let its batches end, and close it; blocks until then.

        At least one other must be there. One that is not, or no more, is left alone.
        """
        with self._changing:
            bench = next((bench for bench in self._benches if bench.backend is backend), None)
            if bench is None or self._hall.closed:
                return
            self._hall.leave(bench)
            self._benches = [other for other in self._benches if other is not bench]
            self._hall.allow(of_request(self.capacity))
        _end(bench)

    @property
    def closed(self) -> bool:
        return self._hall.closed

    def close(self) -> None:
        """Fail what waits with ``Draining``, let running batches end, and free the model."""
        self._hall.close()
        with self._changing:  # nobody comes or goes from now on
            benches = self._benches
        for bench in benches:
            _end(bench)

    def _begin(self, bench: Bench) -> None:
        backend = bench.backend
        bench.workers = [
            threading.Thread(
                target=self._work,
                args=(bench, number),
                name=f"{backend.facts.name}-{backend.device}-{number}",
                daemon=True,
            )
            for number in range(backend.workers)
        ]
        for worker in bench.workers:
            worker.start()

    def _work(self, bench: Bench, worker: int) -> None:
        while rows := self._hall.take(bench):
            try:
                with telemetry.bound(**log_facts(row.order.origin for row in rows)):
                    self._run(Run(bench, worker, rows, bench.rows, self._clock()))
            finally:
                self._hall.rest()

    def _run(self, run: Run) -> None:
        """Settle every result of the batch, or put its rows back."""
        rows = run.rows
        try:
            with run.noting():
                found = run.bench.backend.run([row.passage.result() for row in rows])
            if len(found) != len(rows):
                raise ValueError(f"{len(found)} results for {len(rows)} rows")  # noqa: TRY301
        except Exception as error:  # whatever it is, its callers must hear of it, not this thread
            self._tell(run.done(self._clock()))
            self._failed(run, error)
        else:
            run.bench.went_well(len(rows))
            self._settle(run, found)

    def _failed(self, run: Run, error: Exception) -> None:
        """One row may be at fault, or there is not enough memory for all, or no model for any."""
        rows, bench = run.rows, run.bench
        if isinstance(error, OutOfMemory) and len(rows) > 1:
            bench.out_of_memory(len(rows))
            counting.halved(bench.backend.device)
            log.warning("out of memory", rows=len(rows), now=bench.rows, problem=error.reason)
            self._hall.put_back(rows)
        elif is_for_all(error) or (len(rows) == 1 and not isinstance(error, EngineDied)):
            for row in rows:
                row.fail(error)
        else:
            self._run_apart(run)

    def _run_apart(self, run: Run) -> None:
        """Each by itself, for as long as there is a model to do so."""
        lost: Exception | None = None
        for row in run.rows:
            if row.cancel.cancelled:
                row.fail(Cancelled())
            elif lost or self._hall.closed:
                row.fail(lost or Draining())
            else:
                error = self._run_alone(run, row)
                lost = error if error and is_for_all(error) else None

    def _run_alone(self, run: Run, row: Row) -> Exception | None:
        """Why there is no result of it, which it was told."""
        alone = Run(run.bench, run.worker, (row,), 1, self._clock())
        try:
            with alone.noting():
                one = run.bench.backend.run_alone(row.passage.result())
        except Exception as error:
            self._tell(alone.done(self._clock()))
            row.fail(error)
            return error
        self._settle(alone, [one])
        return None

    def _settle(self, run: Run, found: Sequence[Recognised]) -> None:
        self._tell(run.done(self._clock(), found))
        for row, one in zip(run.rows, found, strict=True):
            self._hall.settle(row, one.tokens)
            row.result.set_result(one)

    def _tell(self, done: BatchDone) -> None:
        try:
            self._note(done)
        except Exception:  # a batch is worth more than what is told of it
            log.exception("batch not noted")


def _end(bench: Bench) -> None:
    """Wait for its batches, and free its model."""
    for worker in bench.workers:
        worker.join()
    try:
        bench.backend.close()
    except Exception:  # the other devices have the model too
        log.exception("a model did not close", device=bench.backend.device)
