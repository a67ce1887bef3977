"""A track as it grows: words of finished islands in, cues that will not change any more out."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.cues.layout import layout
from polycue.cues.presets import Rules
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.progress import CuesReady, Report
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Word
from polycue.domain.translation import Fallback
from polycue.pipeline.timing import StageTimes
from polycue.pipeline.translating import Translated, notices_of


class GrowingTrack:
    """Cues of one language, each reported as soon as it is final.

    ``route`` is empty for the language that is spoken. ``cuts_ms`` are those of the picture; they
    may grow. ``second_language`` is that of the spoken lines in bilingual cues, else "".
    """

    def __init__(
        self,
        language: str,
        route: tuple[str, ...],
        rules: Rules,
        report: Report,
        *,
        cuts_ms: Sequence[int] = (),
        kind: TrackKind = TrackKind.SUBTITLES,
        second_language: str = "",
        times: StageTimes,
    ) -> None:
        self.language, self.route, self.kind = language, route, kind
        self._second_language, self._times = second_language, times
        self._rules, self._report, self._cuts_ms = rules, report, cuts_ms
        self._cues: list[Cue] = []
        self._fallbacks: list[Fallback] = []

    def __repr__(self) -> str:
        return f"GrowingTrack({self.language}, {len(self._cues)} cues)"

    def add(
        self, words: Sequence[Word], *, next_start_ms: int | None, media_end_ms: int | None
    ) -> tuple[Cue, ...]:
        """Lay out the words of one island, between its neighbours; the cues come back too."""
        cues = self.laid_out(words, next_start_ms=next_start_ms, media_end_ms=media_end_ms)
        self._append(cues)
        return cues

    def add_translated(self, cues: Sequence[Cue], translated: Translated) -> None:
        """The cues of one island of a translation; those with untranslated words are flagged."""
        self._fallbacks += translated.fallbacks
        kept = translated.kept
        self._append(tuple(flag_kept(cue, kept) for cue in cues))

    def laid_out(
        self,
        words: Sequence[Word],
        *,
        next_start_ms: int | None,
        media_end_ms: int | None,
        rules: Rules | None = None,
    ) -> tuple[Cue, ...]:
        """The words of one island as cues, by other ``rules`` than the track's where given."""
        with self._times.part_of("layout"):
            return layout(
                words,
                rules or self._rules,
                media_end_ms=media_end_ms,
                next_start_ms=next_start_ms,
                previous_end_ms=self._cues[-1].end_ms if self._cues else None,
                cuts_ms=self._cuts_ms,
            )

    def finish(self) -> Track:
        return Track(
            self.language,
            tuple(self._cues),
            kind=self.kind,
            route=self.route,
            notices=notices_of(self._fallbacks, self.route),
            fallbacks=tuple(self._fallbacks),
            second_language=self._second_language,
        )

    def _append(self, cues: tuple[Cue, ...]) -> None:
        if cues:
            self._report(CuesReady(self.language, len(self._cues) + 1, cues, self.kind))
            self._cues += cues


def flag_kept(cue: Cue, kept: frozenset[Word]) -> Cue:
    """The cue, flagged where a sentence in it could not be translated; ``kept`` are its words."""
    if kept.isdisjoint(cue.words):
        return cue
    return replace(cue, flags=cue.flags | {CueFlag.KEPT_SOURCE})
