"""Sentences into another language, their words laid back onto the time of the speech."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

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
class Translated:
    """The words of each translated sentence. ``kept``: those left in the source language."""

    parts: tuple[tuple[Word, ...], ...]
    kept: frozenset[Word] = frozenset()
    fallbacks: tuple[Fallback, ...] = ()

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(chain.from_iterable(self.parts))


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
    parts = [sentence.words for sentence in sentences]
    for number, attempt in attempts.items():
        if attempt.text is not None:
            parts[number] = retime(attempt.sentence, attempt.text, route[-1])
    kept = [attempt.sentence.words for attempt in attempts.values() if attempt.open]
    fallbacks = tuple(told for attempt in attempts.values() if (told := attempt.fallback()))
    return Translated(tuple(parts), frozenset(chain.from_iterable(kept)), fallbacks)


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
