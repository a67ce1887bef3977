"""Films that nobody shot: who speaks when, what a detector hears of it, and what is subtitled."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.domain.transcript import Word
from polycue.sync.fit import Fit


@dataclass(frozen=True, slots=True)
class Film:
    """``cues`` are in time; ``words`` and ``speech`` are what is heard."""

    duration_ms: int
    cues: tuple[Cue, ...]
    speech: tuple[Span, ...]
    words: tuple[Word, ...]


def film(seed: int, *, minutes: float, careless: float = 1.0) -> Film:
    """A conversation with pauses of all lengths.

    The detector is some hundredths of a second off, misses some speech and takes some music for it;
    subtitles come on a little early, linger, and leave a part out: all of it times ``careless``.
    """
    chance = random.Random(seed)  # noqa: S311 - the same film each time
    duration_ms = round(minutes * 60_000)
    said = _conversation(chance, duration_ms)
    heard = [
        (start + chance.gauss(20, 40) * careless, end + chance.gauss(0, 60) * careless)
        for start, end in said
        if chance.random() > 0.05 * careless
    ]
    for _ in range(round(minutes * careless)):
        start = chance.uniform(0, duration_ms - 3000)
        heard.append((start, start + chance.uniform(300, 2500)))
    cues, words = [], []
    for start, end in said:
        texts = [f"w{chance.randrange(3000)}" for _ in range(max(round((end - start) / 350), 1))]
        step = (end - start) / len(texts)
        words += [
            Word(text, round(start + step * i), round(start + step * (i + 1)))
            for i, text in enumerate(texts)
        ]
        if chance.random() > 0.06 * careless:
            on = start + chance.gauss(-60, 100) * careless
            off = max(end + chance.gauss(350, 300) * careless, on + 700)
            cues.append((max(round(on), 0), round(off), " ".join(texts)))
    return Film(duration_ms, _in_order(cues), _spans(heard, duration_ms), tuple(words))


def shifted(cues: Sequence[Cue], by_ms: int) -> list[Cue]:
    return [replace(c, start_ms=c.start_ms + by_ms, end_ms=c.end_ms + by_ms) for c in cues]


def scaled(cues: Sequence[Cue], ratio: float) -> list[Cue]:
    return [
        replace(c, start_ms=round(c.start_ms * ratio), end_ms=round(c.end_ms * ratio)) for c in cues
    ]


def with_break(cues: Sequence[Cue], before: int, ms: int) -> list[Cue]:
    """As recorded with advertisements, in front of the cue ``before``."""
    return [*cues[:before], *shifted(cues[before:], ms)]


def errors_ms(fit: Fit, old: Sequence[Cue], true: Sequence[Cue]) -> list[int]:
    """How far each cue's start lies from where it belongs, the smallest first."""
    return sorted(
        abs(piece.time_ms(old[i].start_ms) - true[i].start_ms)
        for piece in fit.pieces
        for i in range(piece.first, piece.last)
    )


def _conversation(chance: random.Random, duration_ms: int) -> list[tuple[float, float]]:
    said = []
    at = chance.uniform(2000, 15_000)
    while at < duration_ms - 12_000:
        end = at + min(max(chance.lognormvariate(math.log(1900), 0.6), 400), 8000)
        said.append((at, end))
        pause = (500, 0.8) if chance.random() < 0.7 else (4000, 0.9)
        at = end + max(chance.lognormvariate(math.log(pause[0]), pause[1]), 120)
    return said


def _in_order(cues: list[tuple[int, int, str]]) -> tuple[Cue, ...]:
    done: list[Cue] = []
    for (start, end, text), following in zip(cues, [*cues[1:], None], strict=True):
        latest = end if following is None else min(end, following[0] - 80)
        if latest > start and (not done or start >= done[-1].end_ms):
            done.append(Cue(start, latest, (text,)))
    return tuple(done)


def _spans(heard: list[tuple[float, float]], duration_ms: int) -> tuple[Span, ...]:
    spans: list[Span] = []
    for start, end in sorted((max(a, 0), min(b, duration_ms)) for a, b in heard):
        if end <= start:
            continue
        if spans and start <= spans[-1].end_ms + 96:
            spans[-1] = Span(spans[-1].start_ms, max(spans[-1].end_ms, round(end)))
        else:
            spans.append(Span(round(start), round(end)))
    return tuple(spans)
