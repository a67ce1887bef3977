"""One chunk on its way through a batcher: heard, and heard anew as long as there is reason to."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from polycue import telemetry
from polycue.domain.audio import Span
from polycue.domain.chunk import Recognised
from polycue.domain.defence import Signal
from polycue.domain.request import DefenceOptions
from polycue.domain.transcript import text_of
from polycue.engine.batching.work import Result
from polycue.engine.deciding import Decision, Undecided
from polycue.speech.hallucination import better, defended, doubts, redecoded
from polycue.speech.passage import DecodeSettings, Passage
from polycue.speech.scores import told

log = telemetry.logger(__name__)

Ask = Callable[[Future[Passage], DecodeSettings], Result]
"""Queues a passage, which is made with these settings."""


class Hearing:
    """What becomes of a chunk, which is queued with its making.

    It may be asked about before its language is decided. Further tries are queued as passages of
    their own, so nobody else waits for them: where it was heard in another language than is decided
    then, and where its words are in doubt. ``stirred`` is called, in any thread, when something has
    come, which ``advance`` then looks at. For use by one thread.
    """

    def __init__(
        self,
        ask: Ask,
        passage: Future[Passage],
        settings: DecodeSettings,
        speech: tuple[Span, ...],
        options: DefenceOptions,
        stirred: Callable[[], None],
    ) -> None:
        self._ask, self._settings, self._stirred = ask, settings, stirred
        self._passage: Future[Passage] | None = passage  # None once nothing is asked any more
        self._speech, self._options = speech, options
        self._speech_ms = sum(span.duration_ms for span in speech)
        self.failed = False
        """Whether no more will come of it; ``outcome`` raises what happened."""
        self._decision: Decision | None = None
        self._heard: Recognised | None = None
        self._tries: _Tries | None = None
        self._pending: Result | None = None
        self._news = False  # most of a film's chunks have none in most rounds: they cost nothing
        self._wait_for(ask(passage, settings))

    @property
    def at_work(self) -> bool:
        """Whether something of it was queued or running when it was last advanced."""
        return self._pending is not None and not self.failed

    @property
    def held_back(self) -> bool:
        """Whether there is no room for it in the queue yet."""
        return self._pending is not None and not self._pending.inside

    @property
    def keeps_sound(self) -> bool:
        """Whether it may be asked about again, with what was made of its sound."""
        return self._passage is not None

    @property
    def undecided(self) -> Undecided:
        return Undecided(self._speech_ms, self._heard.shares if self._heard else None)

    @property
    def done(self) -> bool:
        """Whether ``outcome`` can be told."""
        return self.failed or self._passage is None

    def decide(self, decision: Decision) -> None:
        """Say in which language it is to be heard."""
        self._decision, self._news = decision, True

    def advance(self) -> None:
        """Look at what has come, and ask for what should follow."""
        if not self._news:
            return
        self._news = False  # what comes from here on is looked at in the next round
        if self._pending is not None:
            self._look()
        if self.done or self.at_work or self._heard is None or self._decision is None:
            return
        settings = replace(self._settings, language=self._decision.language)
        if self._heard.facts.language != settings.language:
            self._hear(settings)
            return
        if self._tries is None:
            self._tries = _Tries(self._heard, self._speech, self._options)
        temperature = self._tries.next_temperature()
        if temperature is not None:
            self._hear(replace(settings, temperature=temperature))
        else:
            self._passage = None  # done; its result may wait for others before it

    def outcome(self) -> Recognised:
        """The best of all tries; it is ``done``.

        Raises:
            RecognitionFailed: the engine failed on it.
            Draining, Cancelled: as they say.
        """
        if self._pending is not None:
            self._pending.result()  # raises
        assert self._tries is not None  # noqa: S101 - for the type checker
        assert self._decision is not None  # noqa: S101
        probability, belief = told(self._decision.probability), self._decision.belief
        best = replace(self._tries.outcome(), shares={})
        return replace(best, language_probability=probability, belief=belief)

    def cancel(self) -> None:
        """Take back what is queued."""
        if self._passage is not None:
            self._passage.cancel()
        if self._pending is not None:
            self._pending.cancel()  # does nothing to one that is done

    def _look(self) -> None:
        """See what has come of what was asked."""
        pending = self._pending
        if pending is None or not pending.done():
            return
        if pending.cancelled() or pending.exception() is not None:
            self.failed = True
            return
        found, self._pending = pending.result(), None
        if self._tries is None:
            self._heard = found
        else:
            self._tries.consider(found)

    def _hear(self, settings: DecodeSettings) -> None:
        assert self._passage is not None  # noqa: S101 - for the type checker
        again: Future[Passage] = Future()
        again.set_result(replace(self._passage.result(), settings=settings, belief=None))
        self._wait_for(self._ask(again, settings))

    def _wait_for(self, pending: Result) -> None:
        self._pending = pending
        pending.add_done_callback(self._come)

    def _come(self, _: Future[Recognised]) -> None:
        self._news = True
        self._stirred()


class _Tries:
    """The tries at one chunk in its language, and the best of them so far."""

    def __init__(
        self, first: Recognised, speech: tuple[Span, ...], options: DefenceOptions
    ) -> None:
        self._first = self._best = first
        self._speech, self._options = speech, options
        self._temperatures = iter(options.temperatures)
        self._reasons = self._in_doubt = self._doubts_of(first)

    def consider(self, other: Recognised) -> None:
        if better(self._best, other, self._speech, self._options):
            self._best, self._in_doubt = other, self._doubts_of(other)

    def next_temperature(self) -> float | None:
        """At which to hear it again; None where it is good, or none is left."""
        return next(self._temperatures, None) if self._in_doubt else None

    def outcome(self) -> Recognised:
        best = self._best
        if best is not self._first:
            best = redecoded(self._first, best, self._reasons)
        best = defended(best, self._speech, self._options)
        if self._reasons:
            log.debug(
                "what was heard is in doubt",
                signs=[sign.value for sign in self._reasons],
                at_ms=self._first.facts.start_ms,
                first=telemetry.text(text_of(self._first.words)),
                kept=telemetry.text(text_of(best.words)),
            )
        return best

    def _doubts_of(self, found: Recognised) -> tuple[Signal, ...]:
        return doubts(found, self._speech, self._options) if self._options.enabled else ()
