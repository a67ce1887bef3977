"""One film's chunks through a batcher: enough under way to keep the devices busy, and no more."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import islice

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, Recognised
from polycue.domain.incoming import on_ready, ready
from polycue.engine.deciding import DECIDED_TOGETHER, Deciding
from polycue.engine.hearing import Hearing

# For each row that all workers hold together: one at work, and one that waits for its turn.
_QUEUED_AHEAD = 2
# Results wait for one before them that is heard again; so many rows are not queued any more.
_HELD_AHEAD = 4

Hear = Callable[[Chunk, str, Belief | None, Callable[[], None]], Hearing]


class Flow:
    """Yields what is said in each chunk, in order.

    ``hear`` begins to recognise a chunk in a language, or an open one under a belief, and calls
    what it is given whenever something has come of it; ``capacity`` is how many rows all workers
    hold at once. Used once: closing ``run`` takes back what is still queued.
    """

    def __init__(
        self, hear: Hear, deciding: Deciding, *, capacity: int, cancel: CancelToken
    ) -> None:
        self._hear, self._deciding, self._cancel = hear, deciding, cancel
        self._queued_ahead = max(_QUEUED_AHEAD * capacity, DECIDED_TOGETHER)
        self._held_ahead = max(_HELD_AHEAD * capacity, 2 * DECIDED_TOGETHER)
        self._under_way: deque[Hearing] = deque()
        self._decided = 0  # of those under way, from the first on
        self._all_there = False
        self._stirred: Callable[[], None] = _nobody

    def run(self, chunks: Iterator[Chunk]) -> Generator[Recognised, None, None]:
        """One result for each; a finished one is handed on before more sound is read.

        ``Incoming`` chunks are never waited for while something else may come. They are asked in
        each round, so they may have work of their own done in this thread.

        Raises:
            RecognitionFailed: the engine failed on a chunk; those decided before it have been
                yielded.
            Draining, Cancelled: as they say.
        """
        stirred = threading.Event()
        with closing(self.steps(chunks, stirred.set)) as steps:
            for found in steps:
                if found is None:
                    stirred.wait()
                    stirred.clear()  # what comes from here on is seen in the next round
                else:
                    yield found

    def steps(
        self, chunks: Iterator[Chunk], stirred: Callable[[], None]
    ) -> Generator[Recognised | None, None, None]:
        """``run``, with None wherever it has nothing to do until ``stirred`` is called.

        That may be before the None is there: it is called in any thread.
        """
        self._stirred = stirred
        forget = self._cancel.on_cancel(stirred)
        on_ready(chunks, stirred)
        try:
            while True:
                self._cancel.check()
                self._advance()
                one_is_there = self._all_there or ready(chunks)
                if self._finished():
                    yield self._take()
                elif self._has_room() and one_is_there:
                    self._read(chunks)
                elif self._under_way or not self._all_there:
                    yield None
                else:
                    return
        finally:
            forget()
            for hearing in self._under_way:
                hearing.cancel()

    def _advance(self) -> None:
        """Look at all that has come: decide languages, and ask anew where there is reason to."""
        for hearing in self._under_way:
            hearing.advance()
        open_ones = list(islice(self._under_way, self._decided, None))
        decisions = self._deciding.decide(
            [hearing.undecided for hearing in open_ones], all_there=self._all_there
        )
        for hearing, decision in zip(open_ones, decisions, strict=False):
            hearing.decide(decision)
            hearing.advance()
        self._decided += len(decisions)

    def _finished(self) -> bool:
        return bool(self._under_way) and (self._under_way[0].done or self._doomed() is not None)

    def _doomed(self) -> Hearing | None:
        """Where the first can never be decided, who has failed among those decided with it."""
        if self._decided:
            return None
        group = list(islice(self._under_way, DECIDED_TOGETHER))
        if any(hearing.at_work for hearing in group):
            return None
        return next((hearing for hearing in group if hearing.failed), None)

    def _take(self) -> Recognised:
        self._cancel.check()  # who is taken back has failed for no other reason
        if doomed := self._doomed():
            return doomed.outcome()  # raises
        self._decided -= 1
        return self._under_way.popleft().outcome()

    def _has_room(self) -> bool:
        """Whether another chunk may be read: nothing that is at work or kept has grown too much."""
        under_way = self._under_way
        if self._all_there or len(under_way) >= self._held_ahead:
            return False
        at_work = sum(hearing.at_work for hearing in under_way)
        sounds = sum(hearing.keeps_sound for hearing in under_way)
        room = at_work < self._queued_ahead and sounds < self._queued_ahead + DECIDED_TOGETHER
        return room and not any(hearing.held_back for hearing in under_way)

    def _read(self, chunks: Iterator[Chunk]) -> None:
        chunk = next(chunks, None)
        self._all_there = chunk is None
        if chunk is not None:
            deciding = self._deciding
            hearing = self._hear(chunk, deciding.language, deciding.belief, self._stirred)
            self._under_way.append(hearing)


def _nobody() -> None:
    """Waits."""
