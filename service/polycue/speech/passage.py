"""What the recogniser is asked: the features of one chunk and how to decode them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import Span
from polycue.domain.chunk import Belief
from polycue.domain.request import SpeechTask


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What must be equal for passages to share a batch.

    The prompts must be, because CTranslate2 wants the start token at one position in all rows.
    Passages that are heard again have a temperature above 0 and so batches of their own.
    """

    temperature: float
    beam_size: int
    initial_prompt: str
    hotwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """How to decode. ``language`` is BCP-47; "" means that the recogniser finds out.

    ``candidates`` are the languages that then come into question, BCP-47, all where there are none.
    At a ``temperature`` above 0 words are sampled and ``beam_size`` does not matter.
    """

    language: str = ""
    task: SpeechTask = SpeechTask.TRANSCRIBE
    beam_size: int = 5
    initial_prompt: str = ""
    hotwords: tuple[str, ...] = ()
    temperature: float = 0.0
    candidates: tuple[str, ...] = ()

    @property
    def key(self) -> BatchKey:
        """Language and task are not in it: they may differ from row to row."""
        return BatchKey(self.temperature, self.beam_size, self.initial_prompt, self.hotwords)


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """One chunk as a recogniser takes it: a row of a batch.

    ``speech`` is a chunk's, within ``start_ms`` and ``end_ms``. ``features`` are log-mel frames of
    its sound alone, float32 of shape (mels, frames) and contiguous; nobody writes into them.

    Where the language is open, it is decoded in its own likeliest one, seen from the ``belief``
    that is held of the film for now.
    """

    start_ms: int
    end_ms: int
    speech: tuple[Span, ...]
    features: NDArray[np.float32]
    settings: DecodeSettings
    belief: Belief | None = None

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.start_ms

    @property
    def speech_ms(self) -> int:
        return sum(span.duration_ms for span in self.speech)
