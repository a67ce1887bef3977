"""Sentences into another language, their words laid back onto the time of the speech."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from polycue.domain.cancel import CancelToken
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.transcript import Sentence, Word
from polycue.pipeline.ports import Translator
from polycue.translation.guard import objection
from polycue.translation.retime import retime


@dataclass(frozen=True, slots=True)
class Translated:
    """The words of each translated sentence. ``kept``: those left in the source language."""

    parts: tuple[tuple[Word, ...], ...]
    kept: frozenset[Word]
    objections: tuple[str, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(chain.from_iterable(self.parts))


def translate_sentences(
    translator: Translator,
    sentences: Sequence[Sentence],
    route: tuple[str, ...],
    *,
    cancel: CancelToken,
) -> Translated:
    """Translate along ``route``; a sentence whose translation is unusable keeps its own words."""
    texts = translator.translate([s.text for s in sentences], route, cancel=cancel)
    parts: list[tuple[Word, ...]] = []
    kept: set[Word] = set()
    objections: list[str] = []
    for sentence, text in zip(sentences, texts, strict=True):
        problem = objection(sentence.text, text)
        if problem is None:
            parts.append(retime(sentence, text, route[-1]))
        else:
            parts.append(sentence.words)
            kept.update(sentence.words)
            objections.append(problem)
    return Translated(tuple(parts), frozenset(kept), tuple(objections))


def notice_of(objections: Sequence[str], route: tuple[str, ...]) -> tuple[Notice, ...]:
    """One notice for all sentences that were kept, none where none was."""
    if not objections:
        return ()
    count = len(objections)
    message = (
        f"{count} {'sentence stays' if count == 1 else 'sentences stay'} in {route[0]}: "
        f"the translation to {route[-1]} was unusable ({', '.join(sorted(set(objections)))})"
    )
    facts = {"count": str(count), "route": ">".join(route)}
    return (Notice(NoticeReason.TRANSLATION_KEPT_SOURCE, message, facts),)
