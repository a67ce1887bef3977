"""What was said, when, and how sure the recogniser is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from operator import attrgetter
from typing import Self

from polycue.domain.audio import Span
from polycue.domain.defence import Verdict
from polycue.domain.notice import Notice
from polycue.domain.shots import Shots


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its punctuation and its time from the start of the media.

    ``text`` has no white space around it. ``joined`` says that it follows the word before without a
    space, as in Japanese, Chinese or Thai. ``probability`` is within 0..1. ``language`` is BCP-47
    where a word is in another language than its transcript, else "". ``suspect`` words may never
    have been spoken.
    """

    text: str
    start_ms: int
    end_ms: int
    probability: float | None = None
    speaker: str | None = None
    joined: bool = False
    language: str = ""
    suspect: bool = False

    def __post_init__(self) -> None:
        if not self.text or self.text != self.text.strip():
            raise ValueError(f"not a bare word: {self.text!r}")
        if not 0 <= self.start_ms <= self.end_ms:
            raise ValueError(f"{self.text!r} has no time: {self.start_ms}..{self.end_ms}")

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        """Pickle in half the time that dataclasses take: a thousand words come of a batch."""
        return type(self), _values(self)

    def moved(self, start_ms: int, end_ms: int) -> Self:
        return replace(self, start_ms=start_ms, end_ms=end_ms)


_values = attrgetter(*(one.name for one in fields(Word)))


def text_of(words: Sequence[Word]) -> str:
    """The words as running text, on one line."""
    return "".join(w.text if i == 0 or w.joined else f" {w.text}" for i, w in enumerate(words))


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """What the recogniser said of one chunk besides its words.

    ``avg_logprob`` is the mean natural log probability of a token; ``compression_ratio`` the
    size of the text over its size when deflated; openai/whisper takes more than 2.4 for a loop.
    ``speech_ms`` is how much speech the detector heard in it; ``temperature`` the one at which the
    words were sampled, 0 for the first and plain search.
    """

    start_ms: int
    end_ms: int
    language: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    word_count: int
    speech_ms: int = 0
    temperature: float = 0.0


def languages_of(chunks: Iterable[ChunkFacts]) -> dict[str, int]:
    """Milliseconds of speech in each language, the most spoken first, of two alike the earlier."""
    heard: dict[str, int] = {}
    for chunk in chunks:
        heard[chunk.language] = heard.get(chunk.language, 0) + chunk.speech_ms
    return dict(sorted(heard.items(), key=lambda item: -item[1]))


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of a whole film in order, and how they came about.

    ``language`` is the BCP-47 tag that the caller named, else the one its first half minute of
    speech was taken for, "und" where nobody speaks. ``language_probability`` is 1 where the caller
    named the language, and 0 where nobody speaks. ``speech`` is where the detector heard somebody,
    in order, without padding; empty also where a stored transcript does not say. ``defence`` is
    what was done about words that nobody said, in order of time. ``frame_rate`` is the film's; None
    where it has no picture. ``shots`` are None where nobody looked for them.
    """

    words: tuple[Word, ...]
    language: str
    language_probability: float
    chunks: tuple[ChunkFacts, ...]
    duration_ms: int
    model: str
    notices: tuple[Notice, ...] = ()
    speech: tuple[Span, ...] = ()
    defence: tuple[Verdict, ...] = ()
    frame_rate: Fraction | None = None
    shots: Shots | None = None

    @property
    def languages(self) -> dict[str, int]:
        return languages_of(self.chunks)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A run of words that is translated as one; never empty."""

    words: tuple[Word, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("a sentence has words")

    @property
    def text(self) -> str:
        return text_of(self.words)

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.words[-1].end_ms
