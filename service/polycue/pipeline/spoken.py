"""Which language a film is in, and which of its words are in another."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.domain.chunk import Recognised
from polycue.domain.language import UNDETERMINED, primary
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import Transcript, Word, languages_of

# Of speech; then the tracks open and their language changes no more. A recogniser decides about the
# opening on as much: with more, the first cue would wait for its next decision as well.
OPENING_MS = 20_000


class Spoken:
    """What was heard of a film so far, and the language it is in, "" until that is settled."""

    def __init__(self, options: SpeechOptions) -> None:
        self.results: list[Recognised] = []
        self.language, self._certainty = options.language, 1.0
        self._translates = options.translates

    def __repr__(self) -> str:
        return f"Spoken({len(self.results)} chunks, {self.language or 'unsettled'})"

    @property
    def speech_ms(self) -> int:
        return sum(result.facts.speech_ms for result in self.results)

    def add(self, result: Recognised) -> None:
        self.results.append(result)

    def settle(self) -> str:
        """The language of the film by what was heard so far, unless one was named."""
        if not self.language:
            self.language = main_language(self.results)
            self._certainty = certainty(self.results, self.language)
        return self.language

    def words_of(self, result: Recognised) -> tuple[Word, ...]:
        """Where the recogniser itself translates, all are in one language."""
        return result.words if self._translates else labelled(result, self.language)

    def transcript(self, model: str, duration_ms: int) -> Transcript:
        """Of what was heard; not of what others know of the film."""
        return Transcript(
            words=tuple(word for result in self.results for word in self.words_of(result)),
            language=self.language or UNDETERMINED,
            language_probability=self._certainty if self.results else 0.0,
            chunks=tuple(result.facts for result in self.results),
            duration_ms=duration_ms,
            model=model,
            defence=tuple(verdict for result in self.results for verdict in result.verdicts),
        )


def main_language(results: Sequence[Recognised]) -> str:
    """The language with the most speech; there is at least one result."""
    return next(iter(languages_of(result.facts for result in results)))


def certainty(results: Sequence[Recognised], language: str) -> float:
    """The mean probability of the language where it was heard, each chunk by its speech."""
    own = [result for result in results if result.facts.language == language]
    weights = [result.facts.speech_ms + 1 for result in own]
    if not own:
        return 0.0
    shares = (w * r.language_probability for w, r in zip(weights, own, strict=True))
    return sum(shares) / sum(weights)


def is_foreign(result: Recognised, language: str) -> bool:
    return primary(result.facts.language) != primary(language)


def labelled(result: Recognised, language: str) -> tuple[Word, ...]:
    """The words, those in another language than ``language`` with the one they are in."""
    if not is_foreign(result, language):
        return result.words
    tag = result.facts.language
    return tuple(replace(word, language=word.language or tag) for word in result.words)
