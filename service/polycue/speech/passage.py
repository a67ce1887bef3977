"""What the recogniser is asked: chunks of one film and how to decode them."""

from dataclasses import dataclass

from polycue.domain.chunk import Belief, Chunk
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


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive chunks of one film, at least one.

    Where the language is open, ``belief`` says what is known of it before them, and each of them
    gets its own; without a belief they all get one and the same.
    """

    chunks: tuple[Chunk, ...]
    settings: DecodeSettings
    belief: Belief | None = None
