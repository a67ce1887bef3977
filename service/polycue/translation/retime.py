"""The words of a translation laid onto the time in which the source was spoken."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Self

from polycue.domain.transcript import Sentence, Word
from polycue.translation.anchors import Hint, anchors, weight
from polycue.translation.tokens import pieces

# Longer than the closure of any consonant; as short as the breath at a comma. From 250 down to this
# the median word comes 40 to 60 ms nearer to what it means in sentences of three clauses.
_PAUSE_MS = 180
_MARK_BONUS = 0.15  # of the sentence: how far a pause may be moved to fall behind a mark
_CLAUSE_MARKS = tuple(",;:.?!…—–、，；：。？！")


def retime(
    sentence: Sentence, text: str, language: str, hints: Sequence[Hint] = ()
) -> tuple[Word, ...]:
    """The words of ``text``, a translation of ``sentence``, in the sentence's own time.

    Numbers, names and punctuation that both have are brought together; between them time passes
    with the letters. Pauses of the speaker stay pauses: no word starts in one, and where there are
    words enough none spans one. ``language`` is that of ``text``; no words come of no text.
    ``hints`` are signs from elsewhere of what belongs together (benchmarks/translation_timing.py
    says what they are worth; the service gives none).
    """
    parts = pieces(text, language)
    if not parts:
        return ()
    speech = _Speech.of(sentence)
    at = _boundaries(sentence, speech, [piece for piece, _ in parts], hints)
    words = []
    for (piece, joined), (start, end) in zip(parts, pairwise(at), strict=True):
        start_ms = speech.start_at(start)
        end_ms = max(start_ms, speech.end_at(end))
        speaker = sentence.words[0].speaker
        words.append(Word(piece, start_ms, end_ms, speaker=speaker, joined=joined))
    return tuple(words)


@dataclass(frozen=True, slots=True)
class _Speech:
    """The stretches of a sentence without its pauses, end to end as one length of ``length`` ms.

    ``offsets`` are where each begins on that length.
    """

    stretches: tuple[tuple[int, int], ...]
    offsets: tuple[int, ...]
    length: int

    @classmethod
    def of(cls, sentence: Sentence) -> Self:
        stretches: list[tuple[int, int]] = []
        for word in sentence.words:
            start = min(max(word.start_ms, sentence.start_ms), sentence.end_ms)
            end = min(max(word.end_ms, start), sentence.end_ms)
            if stretches and start - stretches[-1][1] < _PAUSE_MS:
                stretches[-1] = stretches[-1][0], max(stretches[-1][1], end)
            else:
                stretches.append((start, end))
        if all(start == end for start, end in stretches):
            stretches = [(sentence.start_ms, max(sentence.start_ms, sentence.end_ms))]
        *offsets, length = accumulate((end - start for start, end in stretches), initial=0)
        return cls(tuple(stretches), tuple(offsets), length)

    def pauses(self) -> list[float]:
        """Where the pauses were, as fractions of the length."""
        return [offset / self.length for offset in self.offsets[1:]] if self.length else []

    def fraction(self, time_ms: int) -> float:
        """How much of the length is spoken before a time."""
        spoken = sum(min(max(time_ms - start, 0), end - start) for start, end in self.stretches)
        return spoken / self.length if self.length else 0.0

    def start_at(self, fraction: float) -> int:
        """The time at which a word there starts: after a pause, not before it."""
        done = round(fraction * self.length)
        return self._time(done, bisect_right(self.offsets, done) - 1)

    def end_at(self, fraction: float) -> int:
        """The time at which a word there ends: before a pause, not after it."""
        done = round(fraction * self.length)
        return self._time(done, max(bisect_left(self.offsets, done) - 1, 0))

    def _time(self, done: int, k: int) -> int:
        start, end = self.stretches[k]
        return min(start + done - self.offsets[k], end)


def _boundaries(
    sentence: Sentence, speech: _Speech, parts: Sequence[str], hints: Sequence[Hint]
) -> list[float]:
    """Where each piece starts, and the last ends, as fractions of the spoken time. Rising."""
    spoken = [(speech.fraction(w.start_ms), speech.fraction(w.end_ms)) for w in sentence.words]
    knots = {0: 0.0, len(parts): 1.0}
    knots |= {
        anchor.target: anchor.source for anchor in anchors(sentence.words, spoken, parts, hints)
    }
    for pause in speech.pauses():
        boundary = _at_pause(pause, knots, parts)
        if boundary is not None:
            knots[boundary] = pause
    return _between(knots, parts)


def _at_pause(pause: float, knots: dict[int, float], parts: Sequence[str]) -> int | None:
    """The boundary that is to fall into a pause; None where words are too few or one does."""
    if pause in knots.values():
        return None
    first = max(boundary for boundary, at in knots.items() if at < pause)
    last = min(boundary for boundary, at in knots.items() if at > pause)
    at = _between(knots, parts)

    def distance(boundary: int) -> float:
        marked = parts[boundary - 1].endswith(_CLAUSE_MARKS)
        return abs(at[boundary] - pause) - (_MARK_BONUS if marked else 0.0)

    return min(range(first + 1, last), key=distance, default=None)


def _between(knots: dict[int, float], parts: Sequence[str]) -> list[float]:
    """All boundaries: the known ones, and between two of them by the letters passed."""
    done = list(accumulate(map(weight, parts), initial=0))
    at: list[float] = []
    for (first, start), (last, end) in pairwise(sorted(knots.items())):
        pace = (end - start) / (done[last] - done[first])
        at += [start + pace * (done[b] - done[first]) for b in range(first, last)]
    return [*at, 1.0]
