"""Chunks that were recognised, kept one by one: a film is not heard twice."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import chain, count, islice
from typing import Any

from polycue.domain.audio import Span
from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Chunk, ModelFacts, Recognised
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.progress import Stage
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import ChunkFacts, Word
from polycue.pipeline.ports import Checkpoints, Recogniser
from polycue.pipeline.resuming.envelope import Envelope


@dataclass(frozen=True, slots=True)
class KeptChunk:
    """A chunk's result, and how long all runs together had been at work when it was there."""

    found: Recognised
    spent_ms: int


_ENVELOPE = Envelope(KeptChunk, Recognised, Word, ChunkFacts, Span, Verdict, Belief)


def pack(kept: KeptChunk) -> bytes:
    return _ENVELOPE.seal(astuple(kept))


def unpack(data: bytes) -> KeptChunk | None:
    """What was packed, to the last bit; None where that was by another version, or is damaged."""
    try:
        found, spent_ms = _ENVELOPE.open(data)
        return KeptChunk(_recognised(*found), spent_ms)
    except (ValueError, TypeError):
        return None


def kept_chunks(checkpoints: Checkpoints) -> tuple[KeptChunk, ...]:
    """Those from the film's beginning on, as far as a recogniser can go on behind them."""
    stored = checkpoints.load(Stage.TRANSCRIBE.value)
    kept: list[KeptChunk] = []
    while (data := stored.get(len(kept))) and (chunk := unpack(data)):
        kept.append(chunk)
    while kept and kept[-1].found.belief is None:
        kept.pop()
    return tuple(kept)


class ResumedRecogniser:
    """Gives what is ``kept`` of one film, asks the recogniser for the rest, and keeps that too.

    ``spent_ms`` tells how long all runs together have been at work by now.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        checkpoints: Checkpoints,
        kept: Sequence[KeptChunk],
        spent_ms: Callable[[], int],
    ) -> None:
        self._recogniser, self._checkpoints = recogniser, checkpoints
        self._kept, self._spent_ms = [chunk.found for chunk in kept], spent_ms

    def __repr__(self) -> str:
        return f"ResumedRecogniser({len(self._kept)} chunks of {self._recogniser!r})"

    def facts(self, model: str) -> ModelFacts:
        return self._recogniser.facts(model)

    def transcribe(
        self,
        chunks: Iterator[Chunk],
        options: SpeechOptions,
        *,
        cancel: CancelToken,
        after: Recognised | None = None,
        caller: Caller = NOBODY,
    ) -> Generator[Recognised, None, None]:
        """As the port says, for all chunks of the film at once: ``after`` is for others."""
        numbers = count()
        for group in _decided_together(self._kept):
            ahead = list(islice(chunks, len(group)))
            if not _are_of(group, ahead):  # nothing is of use any more from here on
                chunks = chain(ahead, chunks)
                break
            for found in group:
                next(numbers)
                yield (after := found)
        with closing(
            self._recogniser.transcribe(chunks, options, cancel=cancel, after=after, caller=caller)
        ) as rest:
            for found in rest:
                kept = KeptChunk(found, self._spent_ms())
                self._checkpoints.save(Stage.TRANSCRIBE.value, next(numbers), pack(kept))
                yield found


def _decided_together(kept: Sequence[Recognised]) -> Iterator[list[Recognised]]:
    """What a recogniser can go on behind, piece by piece."""
    group: list[Recognised] = []
    for found in kept:
        group.append(found)
        if found.belief is not None:
            yield group
            group = []


def _are_of(found: Sequence[Recognised], chunks: Sequence[Chunk]) -> bool:
    """Whether they can be the results of just these chunks."""
    return [(r.facts.start_ms, r.facts.end_ms, r.facts.speech_ms) for r in found] == [
        (chunk.audio.start_ms, chunk.audio.end_ms, chunk.speech_ms) for chunk in chunks
    ]


def _recognised(
    words: list[Any],
    facts: list[Any],
    language_probability: float,
    aligned: list[Any],
    verdicts: list[Any],
    belief: list[Any] | None,
    tokens: int,
    shares: dict[str, float],
) -> Recognised:
    return Recognised(
        tuple(Word(*word) for word in words),
        ChunkFacts(*facts),
        language_probability,
        tuple(Span(*span) for span in aligned),
        tuple(_verdict(*verdict) for verdict in verdicts),
        None if belief is None else Belief(*belief),
        tokens,
        shares,
    )


def _verdict(
    start_ms: int, end_ms: int, remedy: str, text: str, signals: list[str], replacement: str
) -> Verdict:
    given = tuple(map(Signal, signals))
    return Verdict(start_ms, end_ms, Remedy(remedy), text, given, replacement)
