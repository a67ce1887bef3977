"""A piece of speech on its way through the recogniser."""

from dataclasses import dataclass

from polycue.domain.audio import Audio, Span
from polycue.domain.transcript import ChunkFacts, Word


@dataclass(frozen=True, slots=True)
class Chunk:
    """Sound cut at pauses, no longer than the model takes, and where somebody speaks in it.

    ``speech`` lies within ``audio``, in order, on the media's clock, without padding.
    """

    audio: Audio
    speech: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the recogniser made of a chunk: its words in order, within the chunk's time."""

    words: tuple[Word, ...]
    facts: ChunkFacts
    language_probability: float


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a loaded recogniser can do. ``languages`` are BCP-47; ``max_chunk_ms`` its window."""

    name: str
    languages: tuple[str, ...]
    max_chunk_ms: int
    translates: bool
    demo: bool
