"""What the recogniser is asked: chunks of one film and how to decode them."""

from dataclasses import dataclass

from polycue.domain.chunk import Chunk
from polycue.domain.request import SpeechTask


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What must be equal for passages to share a batch.

    The prompts must be, because CTranslate2 wants the start token at one position in all rows.
    """

    beam_size: int
    initial_prompt: str
    hotwords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """How to decode. ``language`` is BCP-47; "" means that the recogniser finds out."""

    language: str = ""
    task: SpeechTask = SpeechTask.TRANSCRIBE
    beam_size: int = 5
    initial_prompt: str = ""
    hotwords: tuple[str, ...] = ()

    @property
    def key(self) -> BatchKey:
        """Language and task are not in it: they may differ from row to row."""
        return BatchKey(self.beam_size, self.initial_prompt, self.hotwords)


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive chunks, at least one, that share one decision on their language."""

    chunks: tuple[Chunk, ...]
    settings: DecodeSettings
