"""Tracks of the parts that are not in a film's main language, for viewers who understand that."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from polycue.cues.islands import IslandSplitter
from polycue.cues.sentences import sentences
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.language import name, primary
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Sentence, Word
from polycue.pipeline.assembling import GrowingTrack
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.ports import Translator
from polycue.pipeline.spoken import is_foreign, main_language
from polycue.pipeline.tongues import Tongues

Grow = Callable[[str, tuple[str, ...]], GrowingTrack]
"""A forced track of a language, and the route it comes by."""


class ForeignParts:
    """What of a film is in another language than most of it.

    ``written`` is the language of the words where the recogniser itself translates, "" where they
    are as they were spoken.
    """

    def __init__(self, results: Sequence[Recognised], written: str) -> None:
        self.main = main_language(results)
        self._written = written
        foreign = [result for result in results if is_foreign(result, self.main)]
        self._spoken = main_language(foreign) if foreign else ""
        self._words = tuple(_named(word, r, written) for r in foreign for word in r.words)

    def track(
        self,
        target: str,
        translator: Translator,
        grow: Grow,
        wishes: Callable[[Sequence[Sentence]], Wishes],
        *,
        media_end_ms: int,
        cancel: CancelToken,
    ) -> Track:
        """These parts in ``target``; without any a track without cues, which says so.

        Its route is that of the foreign language with the most speech.
        """
        if not self._words:
            nothing = self._nothing_foreign(target)
            return Track(target, (), kind=TrackKind.FORCED, notices=(nothing,))
        source = self._written or self._spoken
        tongues = Tongues(translator, source, target, cancel=cancel)
        track = grow(target, self._route(tongues.route(source)))
        splitter = IslandSplitter()
        parts = [*splitter.feed(self._words), *splitter.finish()]
        nexts = [*(part[0].start_ms for part in parts[1:]), None]
        for part, next_ms in zip(parts, nexts, strict=True):
            spoken = sentences(part, source)
            translated = tongues.translate(spoken, wishes(spoken))
            cues = track.laid_out(
                translated.words, next_start_ms=next_ms, media_end_ms=media_end_ms
            )
            track.add_translated(cues, translated)
        made = track.finish()
        return replace(made, notices=(*made.notices, *tongues.notices()))

    def _route(self, via: tuple[str, ...]) -> tuple[str, ...]:
        if self._written and primary(self._written) != primary(self._spoken):
            return (self._spoken, *(via or (self._written,)))
        return via if len(via) > 1 else ()

    def _nothing_foreign(self, target: str) -> Notice:
        message = (
            f"the forced {target} track is empty: nobody speaks another language than "
            f"{name(self.main)}"
        )
        facts = {"language": target, "spoken": self.main}
        return Notice(NoticeReason.NO_FOREIGN_SPEECH, message, facts)


def _named(word: Word, result: Recognised, written: str) -> Word:
    return replace(word, language=written or result.facts.language)
