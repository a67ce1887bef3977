"""A piece of speech on its way through the recogniser."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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

    @property
    def speech_ms(self) -> int:
        return sum(span.duration_ms for span in self.speech)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is known of a film's language at one moment.

    ``current`` is the language of the last chunk, "" before the first. ``scores`` are natural
    logarithms, 0 for the likeliest language and below for those not far behind; none before the
    first chunk.
    """

    current: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the recogniser made of a chunk: its words in order, within the chunk's time.

    ``aligned`` is where attention had put each word before it was laid onto the speech, empty where
    that is not known. ``verdicts`` is what was done about words that nobody said. ``belief`` is
    what is known of the film's language behind the chunk, None where the chunks after it were
    decided together with it: only behind one that has it can a recogniser go on as if it had never
    stopped.

    ``tokens`` is how long the text was for the decoder. ``shares`` are the probabilities of all
    languages that come into question, which add up to 1; only on its way from a backend, and of a
    chunk whose language was open.
    """

    words: tuple[Word, ...]
    facts: ChunkFacts
    language_probability: float
    aligned: tuple[Span, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    belief: Belief | None = None
    tokens: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a loaded recogniser can do. ``languages`` are BCP-47; ``max_chunk_ms`` its window.

    ``mels`` is how many bands its features have.

    ``fingerprint`` names its weights and its arithmetic: where it differs, words may.
    """

    name: str
    languages: tuple[str, ...]
    max_chunk_ms: int
    translates: bool
    demo: bool
    fingerprint: str = ""
    mels: int = 80
