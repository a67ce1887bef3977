"""One passage on its way through a batcher: recognised, and heard again while it is in doubt."""

from collections.abc import Iterator
from dataclasses import replace

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, Recognised
from polycue.domain.defence import Signal
from polycue.domain.request import DefenceOptions
from polycue.engine.batcher import Batcher, Result
from polycue.engine.waiting import outcome
from polycue.speech.hallucination import better, defended, doubts, redecoded
from polycue.speech.passage import DecodeSettings, Passage


class Hearing:
    """What becomes of a passage that is queued with its making.

    Further tries are queued as passages of their own, so nobody else waits for them. For use by one
    thread; ``cancel`` takes back what is queued, and an error of a wait has done so.
    """

    def __init__(
        self, batcher: Batcher, passage: Passage, options: DefenceOptions, cancel: CancelToken
    ) -> None:
        self._batcher, self._passage = batcher, passage
        self._options, self._cancel = options, cancel
        self._first = batcher.submit(passage, cancel=cancel)
        self._attempts: list[_Attempt] = []

    def done(self) -> bool:
        """Whether the first try is there; nothing may follow."""
        return self._first.done()

    @property
    def belief(self) -> Belief | None:
        """What is known of the language after the passage; the first try is there."""
        return self._first.result()[-1].belief

    def wait(self) -> None:
        """Block until the first try is there, and ask for those that should follow.

        Raises:
            RecognitionFailed: the engine failed on it.
            Draining, Cancelled: as they say.
        """
        outcome(self._first, self._cancel)
        self.advance()

    def advance(self) -> None:
        """Look at what has come, and queue further tries where it is in doubt."""
        if not self._first.done() or self._first.cancelled() or self._first.exception():
            return
        if not self._attempts:
            self._attempts = [
                _Attempt(chunk, found, self._passage.settings, self._options)
                for chunk, found in zip(self._passage.chunks, self._first.result(), strict=True)
            ]
        for attempt in self._attempts:
            attempt.advance(self._batcher, self._cancel)

    def result(self) -> tuple[Recognised, ...]:
        """Block until all tries are there; raises as ``wait`` does."""
        self.wait()
        try:
            for attempt in self._attempts:
                while attempt.pending is not None:
                    outcome(attempt.pending, self._cancel)
                    self.advance()
        finally:
            self.cancel()
        return tuple(attempt.outcome() for attempt in self._attempts)

    def cancel(self) -> None:
        self._first.cancel()  # does nothing to one that is done
        for attempt in self._attempts:
            if attempt.pending is not None:
                attempt.pending.cancel()


class _Attempt:
    """The tries at one chunk, and the best of them so far."""

    def __init__(
        self, chunk: Chunk, first: Recognised, settings: DecodeSettings, options: DefenceOptions
    ) -> None:
        self._chunk, self._first, self._best = chunk, first, first
        self._settings = replace(settings, language=first.facts.language)
        self._options = options
        self._temperatures: Iterator[float] = iter(options.temperatures)
        self._reasons = self._in_doubt = self._doubts_of(first)
        self.pending: Result | None = None

    def advance(self, batcher: Batcher, cancel: CancelToken) -> None:
        if self.pending is not None and self.pending.done():
            if self.pending.cancelled() or self.pending.exception():
                return  # whoever waits for it gets the error, in its turn
            (other,) = self.pending.result()
            self.pending = None
            if better(self._best, other, self._chunk, self._options):
                self._best, self._in_doubt = other, self._doubts_of(other)
        if self.pending is None and self._in_doubt:
            temperature = next(self._temperatures, None)
            if temperature is not None:
                settings = replace(self._settings, temperature=temperature)
                self.pending = batcher.submit(Passage((self._chunk,), settings), cancel=cancel)

    def outcome(self) -> Recognised:
        best = self._best
        if best is not self._first:
            best = redecoded(
                self._first,
                replace(best, language_probability=self._first.language_probability),
                self._reasons,
            )
        return replace(defended(best, self._chunk, self._options), belief=self._first.belief)

    def _doubts_of(self, found: Recognised) -> tuple[Signal, ...]:
        return doubts(found, self._chunk, self._options) if self._options.enabled else ()
