"""Texts of all callers for one package, gathered into calls to its model."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

from polycue import telemetry
from polycue.domain.errors import Draining, EngineDied
from polycue.domain.translation import Hypotheses, Search
from polycue.engine import batch_spans, counting
from polycue.engine.backends.backend import TextBackend, is_for_all
from polycue.engine.origin import here, log_facts
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.queue import Asked, Call, TextQueue
from polycue.translation.packages import Package

Arrival = Mapping[str, Hypotheses] | Exception
Arrived = Callable[[Arrival], None]
"""Told of answers as they are there, or why there are none, in any thread; must not block."""

Outcome = Hypotheses | Exception


class TextBatcher:
    """Makes a call to the model whenever one of its workers is free, of what waits by then.

    Nothing waits for more to come: while all workers are busy enough comes by itself. A call that
    fails costs nobody the answer to another's text: its texts are tried apart, and who fails alone
    has the error. Safe between threads; work is done in ``pool``.
    """

    def __init__(
        self, package: Package, models: TextBackend, memory: TextMemory, pool: Executor
    ) -> None:
        self._package, self._models, self._memory, self._pool = package, models, memory, pool
        self._queue = TextQueue(models.call_tokens, models.workers)
        self._callers: dict[Call, Arrived] = {}
        self._running = 0  # workers
        self._closed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"TextBatcher({self._package.source} to {self._package.target}: {self._queue!r})"

    @property
    def idle(self) -> bool:
        """Whether nobody asks anything."""
        return not self._callers

    def open(self, search: Search, arrived: Arrived) -> "TextCall":
        """Begin to ask; the call must be closed.

        Raises:
            Draining: the batcher is closed.
        """
        call = Call(search, here())
        with self._lock:
            if self._closed:
                raise Draining
            self._callers[call] = arrived
            self._queue.begin(call)
        return TextCall(self, call)

    def ask(self, call: Call, texts: Collection[str]) -> None:
        self._submit(lambda: self._take_in(call, texts))

    def end(self, call: Call) -> None:
        with self._lock:
            self._queue.end(call)
            self._callers.pop(call, None)

    def close(self) -> None:
        """Fail all that wait with ``Draining``; calls to the model that run end by themselves."""
        with self._lock:
            self._closed = True
            callers = list(self._callers.values())
            for call in self._queue.calls():
                self._queue.end(call)
        for arrived in callers:
            arrived(Draining())

    def _submit(self, work: Callable[[], None]) -> None:
        try:
            self._pool.submit(work)
        except RuntimeError as error:  # it was shut down
            raise Draining from error

    def _take_in(self, call: Call, texts: Collection[str]) -> None:
        """Answer what is remembered, and queue the rest by its length."""
        known = {text: self._memory.get(self._package, call.search, text) for text in texts}
        found = {text: answer for text, answer in known.items() if answer is not None}
        rest = sorted(text for text, answer in known.items() if answer is None)
        if found:
            counting.remembered(len(found))
            self._tell(call, found)
        if not rest:
            return
        try:
            lengths = self._models.measure(self._package, rest)
            self._put(call, dict(zip(rest, lengths, strict=True)))
        except Exception as error:  # whatever it is, its caller must hear of it
            self._tell(call, error)

    def _put(self, call: Call, lengths: Mapping[str, int]) -> None:
        with self._lock:
            if self._closed:
                raise Draining
            if call not in self._callers:  # its caller has gone
                return
            for text, tokens in lengths.items():
                self._queue.put(call, text, tokens)
            more = max(
                0, self._models.workers - self._running
            )  # there may be fewer than there were
            self._running += more
        for _ in range(more):
            self._submit(self._work)

    def _work(self) -> None:
        while batch := self._next():
            self._run(batch)

    def _next(self) -> list[Asked]:
        with self._lock:
            batch = [] if self._closed else self._queue.take()
            if not batch:
                self._running -= 1
            return batch

    def _run(self, batch: Sequence[Asked]) -> None:
        """Answer every text of the batch that is wanted, each by itself where that fails."""
        batch = self._wanted(batch)
        if not batch:
            return
        try:
            with self._told(batch):
                found = self._models.translate(
                    self._package, [asked.text for asked in batch], batch[0].search
                )
            self._settle(dict(zip(batch, found, strict=True)))
        except EngineDied:
            for asked in batch:
                self._run_alone(asked)
        except Exception as error:
            if len(batch) == 1 or is_for_all(error):
                self._settle(dict.fromkeys(batch, error))
                return
            # One text may be at fault, or there is not enough memory for all.
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                self._run(half)

    def _wanted(self, batch: Sequence[Asked]) -> list[Asked]:
        """Those that are; the others are done with."""
        with self._lock:
            for asked in batch:
                if not asked.wanted_by:
                    self._queue.settle(asked)
            return [asked for asked in batch if asked.wanted_by]

    def _run_alone(self, asked: Asked) -> None:
        if not self._wanted([asked]):
            return
        try:
            with self._told([asked]):
                found = self._models.translate_alone(self._package, asked.text, asked.search)
        except Exception as error:
            self._settle({asked: error})
        else:
            self._settle({asked: found})

    @contextmanager
    def _told(self, batch: Sequence[Asked]) -> Iterator[None]:
        """Count the call to the model in the block, and let logs and traces name whose it is."""
        now_s, tokens = time.monotonic(), [asked.tokens for asked in batch]
        waited_s = [now_s - asked.since_s for asked in batch]
        with self._lock:
            origins = list(dict.fromkeys(c.origin for asked in batch for c in asked.wanted_by))
        with (
            telemetry.bound(**log_facts(origins)),
            batch_spans.translating(origins, len(batch), sum(tokens)),
            counting.translating(tokens, waited_s, self._models.call_tokens),
        ):
            yield

    def _settle(self, outcomes: Mapping[Asked, Outcome]) -> None:
        found: dict[Call, dict[str, Hypotheses]] = defaultdict(dict)
        failed: dict[Call, Exception] = {}
        for asked, outcome in outcomes.items():
            with self._lock:
                calls = self._queue.settle(asked)
                if not isinstance(outcome, Exception):
                    self._memory.put(self._package, asked.search, asked.text, outcome)
            for call in calls:
                if isinstance(outcome, Exception):
                    failed[call] = outcome
                else:
                    found[call][asked.text] = outcome
        for call, answers in found.items():
            self._tell(call, answers)
        for call, error in failed.items():
            self._tell(call, error)

    def _tell(self, call: Call, arrival: Arrival) -> None:
        with self._lock:
            arrived = self._callers.get(call)
        if arrived is not None:
            arrived(arrival)


class TextCall:
    """One caller's way to a batcher."""

    def __init__(self, batcher: TextBatcher, call: Call) -> None:
        self._batcher, self._call = batcher, call

    def __repr__(self) -> str:
        return f"TextCall({self._call!r} to {self._batcher!r})"

    def ask(self, texts: Collection[str]) -> None:
        """Ask for more; returns at once.

        Raises:
            Draining: the batcher is closed.
        """
        self._batcher.ask(self._call, texts)

    def close(self) -> None:
        """Take back what is not answered yet; nothing arrives any more."""
        self._batcher.end(self._call)
