"""Sentences into another language, their words laid back onto the time of the speech."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from polycue.domain.cancel import CancelToken
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.transcript import Sentence, Word
from polycue.domain.translation import Fallback, Rung
from polycue.pipeline.attempts import Attempt, Wishes
from polycue.pipeline.ladder import Ladder
from polycue.pipeline.ports import Translator
from polycue.translation.retime import retime
from polycue.translation.tokens import has_letters

_NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Part:
    """The words of one translated sentence; ``kept`` says that it stays in the source language.

    ``fallback`` is what had to be done about it, None where the first translation was fit.
    """

    words: tuple[Word, ...]
    kept: bool = False
    fallback: Fallback | None = None


@dataclass(frozen=True, slots=True)
class Translated:
    """Sentences that were translated, in their order."""

    sentences: tuple[Part, ...]

    @property
    def parts(self) -> tuple[tuple[Word, ...], ...]:
        return tuple(part.words for part in self.sentences)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(chain.from_iterable(self.parts))

    @property
    def kept(self) -> frozenset[Word]:
        """The words of all sentences that stay in the source language."""
        return frozenset(chain.from_iterable(part.words for part in self.sentences if part.kept))

    @property
    def fallbacks(self) -> tuple[Fallback, ...]:
        return tuple(part.fallback for part in self.sentences if part.fallback)

    def divided(self, counts: Iterable[int]) -> Iterator["Translated"]:
        """The first so many sentences, the next so many, and so on."""
        sentences = iter(self.sentences)
        for count in counts:
            yield Translated(tuple(islice(sentences, count)))


def translate_sentences(
    translator: Translator,
    sentences: Sequence[Sentence],
    route: tuple[str, ...],
    wishes: Wishes = _NO_WISHES,
    *,
    cancel: CancelToken,
) -> Translated:
    """Translate along ``route``; a sentence whose translation is unusable keeps its own words.

    So does one without letters, and every sentence where the route is a single language: there is
    nothing to translate, and it is no fallback.

    Raises:
        PairNotInstalled, ModelDamaged, DeviceUnavailable: there is no translator to speak of. One
            that fails on a sentence (``TranslationFailed``) costs it its translation, no more.
    """
    attempts = {
        number: Attempt.at(sentence, number, route, wishes)
        for number, sentence in enumerate(sentences)
        if len(route) > 1 and has_letters(sentence.text)
    }
    Ladder(translator, route, wishes.beam_size, cancel).climb(list(attempts.values()))
    parts = [Part(sentence.words) for sentence in sentences]
    for number, attempt in attempts.items():
        parts[number] = _part(attempt, route[-1])
    return Translated(tuple(parts))


def _part(attempt: Attempt, language: str) -> Part:
    if attempt.text is None:
        return Part(attempt.sentence.words, kept=True, fallback=attempt.fallback())
    return Part(retime(attempt.sentence, attempt.text, language), fallback=attempt.fallback())


def notices_of(fallbacks: Sequence[Fallback], route: tuple[str, ...]) -> tuple[Notice, ...]:
    """One notice for all sentences that were kept, and one for all that lost their terms."""
    kept = [fallback for fallback in fallbacks if fallback.rung is Rung.KEPT_SOURCE]
    bare = [fallback for fallback in fallbacks if fallback.rung is Rung.WITHOUT_TERM]
    facts = {"route": ">".join(route)}
    notices = []
    if kept:
        counts = Counter(fallback.reason for fallback in kept)
        reasons = ", ".join(sorted(reason.message for reason in counts))
        message = (
            f"{_sentences(len(kept), 'stays', 'stay')} in {route[0]}: "
            f"the translation to {route[-1]} was unusable ({reasons})"
        )
        told = facts | {"count": str(len(kept))}
        notices.append(Notice(NoticeReason.TRANSLATION_KEPT_SOURCE, message, told))
    if bare:
        message = (
            f"{_sentences(len(bare), 'has', 'have')} lost a term of the glossary "
            f"in the translation to {route[-1]}"
        )
        told = facts | {"count": str(len(bare))}
        notices.append(Notice(NoticeReason.TERM_LOST, message, told))
    return tuple(notices)


def _sentences(count: int, one: str, several: str) -> str:
    return f"{count} sentence {one}" if count == 1 else f"{count} sentences {several}"
