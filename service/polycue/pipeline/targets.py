"""One translated track of a film as it grows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from polycue.cues.presets import Rules
from polycue.domain.cue import Cue
from polycue.domain.notice import Notice
from polycue.domain.request import TranslationOptions
from polycue.domain.transcript import Sentence
from polycue.pipeline.assembling import GrowingTrack
from polycue.pipeline.rooms import wishes_for
from polycue.pipeline.templates import filled, half, paired
from polycue.pipeline.tongues import Tongues
from polycue.pipeline.translating import Translated


@dataclass(frozen=True, slots=True)
class SpokenIsland:
    """An island of the spoken track: its sentences, its cues there, and what it lies before."""

    sentences: tuple[Sentence, ...]
    cues: tuple[Cue, ...]
    next_start_ms: int | None
    media_end_ms: int | None


class Target:
    """Sentences in, final cues out.

    ``above`` are the rules for the spoken lines of a bilingual track, None for any other track.
    """

    def __init__(
        self,
        track: GrowingTrack,
        tongues: Tongues,
        options: TranslationOptions,
        *,
        rules: Rules,
        above: Rules | None,
    ) -> None:
        self.track, self._tongues = track, tongues
        self._options = options
        self._rules, self._above = rules, above

    def __repr__(self) -> str:
        return f"Target({self._tongues!r}, {self.track!r})"

    def add(self, islands: Sequence[SpokenIsland]) -> None:
        """Translate the sentences of all islands together, and lay them out one by one.

        However they come together, the cues are the same.
        """
        wishes = [wishes_for(one.sentences, self._rules, self._options) for one in islands]
        rooms = tuple(chain.from_iterable(one.rooms for one in wishes))
        sentences = [sentence for one in islands for sentence in one.sentences]
        translated = self._tongues.translate(sentences, replace(wishes[0], rooms=rooms))
        counts = (len(one.sentences) for one in islands)
        for island, own in zip(islands, translated.divided(counts), strict=True):
            self.track.add_translated(self._cues(island, own), own)

    def notices(self) -> Iterator[Notice]:
        """What could not be translated at all."""
        return self._tongues.notices()

    def _cues(self, island: SpokenIsland, translated: Translated) -> Sequence[Cue]:
        sentences = island.sentences
        lay_out = partial(
            self.track.laid_out,
            next_start_ms=island.next_start_ms,
            media_end_ms=island.media_end_ms,
        )
        if self._above:
            words = [word for sentence in sentences for word in sentence.words]
            rules = half(self._above)
            spoken = lay_out(words, rules=rules)
            return paired(spoken, filled(spoken, sentences, translated, half(self._rules)))
        if self._options.keep_source_cues:
            return filled(island.cues, sentences, translated, self._rules)
        return lay_out(translated.words)
