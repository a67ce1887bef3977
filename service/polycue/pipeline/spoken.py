"""Which language a film is in, and which of its words are in another."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.domain.chunk import Recognised
from polycue.domain.language import primary
from polycue.domain.transcript import Word

OPENING_MS = 30_000  # of speech; then the tracks open and their language changes no more


def speech_ms(results: Sequence[Recognised]) -> int:
    return sum(result.facts.speech_ms for result in results)


def main_language(results: Sequence[Recognised]) -> str:
    """The language with the most speech; of two alike the one that is spoken first."""
    heard: dict[str, int] = {}
    for result in results:
        tag = result.facts.language
        heard[tag] = heard.get(tag, 0) + result.facts.speech_ms
    return max(heard, key=lambda tag: heard[tag])


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
