"""One translated track of a film as it grows."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

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

    def add(
        self,
        sentences: Sequence[Sentence],
        cues: Sequence[Cue],
        *,
        next_start_ms: int | None,
        media_end_ms: int | None,
    ) -> None:
        """Translate the sentences of one island; ``cues`` are its cues in the spoken language."""
        wishes = wishes_for(sentences, self._rules, self._options)
        translated = self._tongues.translate(sentences, wishes)
        lay_out = partial(
            self.track.laid_out, next_start_ms=next_start_ms, media_end_ms=media_end_ms
        )
        made = self._cues(sentences, cues, translated, lay_out)
        self.track.add_translated(made, translated)

    def notices(self) -> Iterator[Notice]:
        """What could not be translated at all."""
        return self._tongues.notices()

    def _cues(
        self,
        sentences: Sequence[Sentence],
        cues: Sequence[Cue],
        translated: Translated,
        lay_out: Callable[..., tuple[Cue, ...]],
    ) -> Sequence[Cue]:
        if self._above:
            words = [word for sentence in sentences for word in sentence.words]
            rules = half(self._above)
            spoken = lay_out(words, rules=rules)
            return paired(spoken, filled(spoken, sentences, translated, half(self._rules)))
        if self._options.keep_source_cues:
            return filled(cues, sentences, translated, self._rules)
        return lay_out(translated.words)
