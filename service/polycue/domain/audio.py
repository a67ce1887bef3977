"""Decoded sound, as every model here takes it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000  # the only rate Whisper's feature extractor and Silero's detector accept
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Mono sound at 16 kHz and where it lies in the media.

    ``samples`` is float32 of shape (n,), each within [-1, 1]; ``start_ms`` counts from the start of
    the media, not of the stream. Sharing is free: nobody writes into ``samples``.
    """

    samples: NDArray[np.float32]
    start_ms: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise ValueError(f"not mono float32: {self.samples.dtype} of {self.samples.shape}")

    def __repr__(self) -> str:
        return f"Audio({self.start_ms}..{self.end_ms} ms)"

    @property
    def duration_ms(self) -> int:
        return len(self.samples) // SAMPLES_PER_MS

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the media in which somebody speaks: ``start_ms`` <= t < ``end_ms``."""

    start_ms: int
    end_ms: int

    def __post_init__(self) -> None:
        if self.end_ms < self.start_ms:
            raise ValueError(f"span ends before it starts: {self.start_ms}..{self.end_ms}")

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, with those that touch or overlap as one: a cut may fall into speech."""
    done: list[Span] = []
    for span in spans:
        if done and span.start_ms <= done[-1].end_ms:
            done[-1] = Span(done[-1].start_ms, max(done[-1].end_ms, span.end_ms))
        else:
            done.append(span)
    return tuple(done)
