"""One film's chunks through a batcher: enough under way to keep the device busy, and no more."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, Recognised
from polycue.engine.hearing import Hearing
from polycue.speech.passage import DecodeSettings, Passage

_BATCHES_AHEAD = 2  # one at work and one waiting keep the device busy
_DETECTION_MS = 30_000  # of speech; what Whisper hears at once, and its own detection is made on

Hear = Callable[[Passage], Hearing]
Heard = Generator[Recognised, None, None]


class Flow:
    """Yields what is said in each chunk, in order; ``after`` is what was said before the first.

    ``hear`` begins to recognise a passage; ``rows`` is how many chunks a batch takes. Closing a
    generator takes back what is still queued.

    A result has a belief wherever another flow, told that result as its ``after``, would go on with
    the same chunks to the same results.
    """

    def __init__(self, hear: Hear, rows: int, cancel: CancelToken) -> None:
        self._hear, self._rows, self._cancel = hear, rows, cancel

    def fixed(self, chunks: Iterator[Chunk], settings: DecodeSettings) -> Heard:
        """All in the language that the settings name."""
        belief = Belief(settings.language, {settings.language: 0.0})
        under_way: deque[Hearing] = deque()
        exhausted = False
        try:
            while True:
                # A finished result is handed on before more sound is read for the next.
                while (
                    not exhausted
                    and len(under_way) < _BATCHES_AHEAD * self._rows
                    and not (under_way and under_way[0].done())
                ):
                    chunk = self._next(chunks)
                    exhausted = chunk is None
                    if chunk is not None:
                        under_way.append(self._hear(Passage((chunk,), settings)))
                if not under_way:
                    return
                under_way[0].wait()
                for hearing in under_way:  # doubtful neighbours are heard again in one batch
                    hearing.advance()
                yield from (replace(r, belief=belief) for r in under_way[0].result())
                under_way.popleft()
        finally:
            for hearing in under_way:
                hearing.cancel()

    def detected(
        self, chunks: Iterator[Chunk], settings: DecodeSettings, after: Recognised | None
    ) -> Heard:
        """In the one language that the first half minute of speech is in."""
        if after is None:
            opening = self._detect(chunks, settings)
            if not opening:
                return
            yield from opening
            after = opening[-1]
        settled = replace(settings, language=after.facts.language)
        for recognised in self.fixed(chunks, settled):
            yield replace(recognised, language_probability=after.language_probability)

    def followed(
        self,
        chunks: Iterator[Chunk],
        settings: DecodeSettings,
        belief: Belief,
        after: Recognised | None,
    ) -> Heard:
        """Each in its own language, one batch deciding after the other.

        ``belief`` is what is known before the film. Which chunks are decided together depends on
        their number and length only, never on what is ready when: the same film gives the same
        languages each time.
        """
        ahead = _Ahead(chunks, self._cancel)
        if after:
            belief = after.belief or belief
            ahead.gather(self._rows)
            hearing = self._following(ahead, settings, belief)
        else:
            opening = self._opening(chunks)
            hearing = self._hear(Passage(opening, settings, belief)) if opening else None
        try:
            while hearing:
                ahead.gather(self._rows, until=hearing.done)
                hearing.wait()
                belief = hearing.belief or belief
                before, hearing = hearing, None
                if ahead.complete(self._rows):  # it runs while the caller works on this one
                    hearing = self._following(ahead, settings, belief)
                yield from before.result()
                if hearing is None:
                    ahead.gather(self._rows)
                    hearing = self._following(ahead, settings, belief)
        finally:
            if hearing:
                hearing.cancel()

    def _following(
        self, ahead: "_Ahead", settings: DecodeSettings, belief: Belief
    ) -> Hearing | None:
        gathered = ahead.take()
        return self._hear(Passage(gathered, settings, belief)) if gathered else None

    def _detect(self, chunks: Iterator[Chunk], settings: DecodeSettings) -> tuple[Recognised, ...]:
        """What is said in the first chunks, all in the language that they are most likely in."""
        opening = self._opening(chunks)
        if not opening:
            return ()
        hearing = self._hear(Passage(opening, settings))
        try:
            *heard, last = hearing.result()
        finally:
            hearing.cancel()
        language = last.facts.language
        return (*heard, replace(last, belief=Belief(language, {language: 0.0})))

    def _opening(self, chunks: Iterator[Chunk]) -> tuple[Chunk, ...]:
        """The first chunks, with enough speech to tell its language; no more than a batch takes."""
        opening: list[Chunk] = []
        while sum(c.speech_ms for c in opening) < _DETECTION_MS and len(opening) < self._rows:
            chunk = self._next(chunks)
            if chunk is None:
                break
            opening.append(chunk)
        return tuple(opening)

    def _next(self, chunks: Iterator[Chunk]) -> Chunk | None:
        self._cancel.check()
        return next(chunks, None)


class _Ahead:
    """Chunks of the next batch, read while this one is at work."""

    def __init__(self, chunks: Iterator[Chunk], cancel: CancelToken) -> None:
        self._chunks, self._cancel = chunks, cancel
        self._gathered: list[Chunk] = []
        self._exhausted = False

    def complete(self, count: int) -> bool:
        return self._exhausted or len(self._gathered) >= count

    def gather(self, count: int, *, until: Callable[[], bool] = lambda: False) -> None:
        """Read up to ``count`` chunks, but no further once ``until`` is true."""
        while not self.complete(count) and not until():
            self._cancel.check()
            chunk = next(self._chunks, None)
            self._exhausted = chunk is None
            if chunk is not None:
                self._gathered.append(chunk)

    def take(self) -> tuple[Chunk, ...]:
        gathered, self._gathered = self._gathered, []
        return tuple(gathered)
