"""A piece of speech on its way through the recogniser."""

from dataclasses import dataclass

from polycue.domain.audio import Audio, Span
from polycue.domain.defence import Verdict
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
    """What the recogniser made of a chunk: its words in order, within the chunk's time.

    ``astray_ms`` says of each word how far from any speech attention had put it before it was laid
    onto the speech; 0 within speech, empty where that is not known. ``verdicts`` is what was done
    about words that nobody said.
    """

    words: tuple[Word, ...]
    facts: ChunkFacts
    language_probability: float
    astray_ms: tuple[int, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a loaded recogniser can do. ``languages`` are BCP-47; ``max_chunk_ms`` its window."""

    name: str
    languages: tuple[str, ...]
    max_chunk_ms: int
    translates: bool
    demo: bool
