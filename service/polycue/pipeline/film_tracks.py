"""All tracks of one film as they grow together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

from polycue.cues.sentences import sentences
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.language import primary
from polycue.domain.notice import Notice
from polycue.domain.progress import Stage, StageMoved
from polycue.domain.request import SubtitleTask, options_for
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Sentence
from polycue.pipeline.assembling import GrowingTrack
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.forced import ForeignParts
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.rooms import wishes_for
from polycue.pipeline.targets import SpokenIsland, Target
from polycue.pipeline.tongues import Tongues
from polycue.pipeline.translated_tracks import TranslatedTracks
from polycue.pipeline.waiting import Island
from polycue.pipeline.wanted import WantedTracks


class FilmTracks:
    """Islands in, cues out; ``spoken`` is the language of the film and does not change any more.

    The spoken track grows in the job's thread, the others in a thread of their own within the
    ``with`` block. ``cuts_ms`` are those of the picture; they may grow.

    Raises:
        PairNotInstalled: there is no way to one of the targets.
        InvalidRequest: a muxed copy asks for a track that there will not be.
    """

    def __init__(
        self,
        task: SubtitleTask,
        wanted: WantedTracks,
        spoken: str,
        run: Run,
        *,
        cuts_ms: Sequence[int],
        duration_ms: int | None,
    ) -> None:
        self._task, self._wanted, self._translator = task, wanted, run.translator
        self._cuts_ms, self._cancel, self._report = cuts_ms, run.cancel, run.report
        self._duration_ms, self._stop, self._times = duration_ms, CancelToken(), run.times
        written = wanted.written(spoken)
        wanted.check_mux(written)
        own_route = () if primary(written) == primary(spoken) else (spoken, written)
        self._source = self._growing(written, own_route)
        self._targets = [
            self._target(language, written, own_route) for language in wanted.targets(written)
        ]
        self._translating = TranslatedTracks(
            self._targets, run.own_thread, moved=self._moved, stop=self._stop, cancel=run.cancel
        )

    def __repr__(self) -> str:
        return f"FilmTracks({self._source!r}, {self._targets!r})"

    def __enter__(self) -> Self:
        if self._targets:
            self._translating.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._targets:
            self._translating.__exit__(*raised)

    def add(self, island: Island) -> None:
        """Lay its words out, and have them translated."""
        edges = {"next_start_ms": island.next_start_ms, "media_end_ms": island.media_end_ms}
        cues = self._source.add(island.words, **edges)
        if self._targets:
            parts = tuple(sentences(island.words, self._source.language))
            self._translating.add(SpokenIsland(parts, cues, **edges))

    def catch_up(self, duration_ms: int) -> None:
        """Wait for the translations of all islands; no more will be added."""
        if self._targets:
            self._translating.finish()
            self._report(StageMoved(Stage.TRANSLATE, duration_ms, duration_ms, finished=True))

    def finish(self, notices: tuple[Notice, ...]) -> Iterator[Track]:
        """The spoken language first, with ``notices`` of the film, then the targets in order."""
        first = self._source.finish()
        yield replace(first, notices=notices + first.notices)
        for target in self._targets:
            track = target.track.finish()
            yield replace(track, notices=(*track.notices, *target.notices()))

    def forced(self, results: Sequence[Recognised], duration_ms: int) -> Iterator[Track]:
        """Those of the foreign parts, where they are wanted; needs all results of the film."""
        parts = ForeignParts(results, "en" if self._task.speech.translates else "")
        for language in self._wanted.forced(parts.main):
            yield parts.track(
                language,
                self._translator,
                partial(self._growing, kind=TrackKind.FORCED),
                partial(self._wishes, language),
                media_end_ms=duration_ms,
                cancel=self._cancel,
            )

    def _moved(self, processed_ms: int) -> None:
        self._report(StageMoved(Stage.TRANSLATE, processed_ms, self._duration_ms))

    def _target(self, language: str, written: str, own_route: tuple[str, ...]) -> Target:
        via = self._translator.route(written, language)
        bilingual = self._task.bilingual
        rules = self._wanted.rules
        return Target(
            self._growing(language, own_route[:1] + via, above=written if bilingual else ""),
            Tongues(self._translator, written, language, cancel=self._stop),
            options_for(language, self._task.translations),
            rules=rules(language, translated=True),
            above=rules(written, translated=bool(own_route)) if bilingual else None,
        )

    def _growing(
        self,
        language: str,
        route: tuple[str, ...],
        *,
        above: str = "",
        kind: TrackKind | None = None,
    ) -> GrowingTrack:
        return GrowingTrack(
            language,
            route,
            self._wanted.rules(language, translated=bool(route)),
            self._report,
            cuts_ms=self._cuts_ms,
            kind=kind or self._task.layout.track_kind,
            second_language=above,
            times=self._times,
        )

    def _wishes(self, language: str, spoken: Sequence[Sentence]) -> Wishes:
        options = options_for(language, self._task.translations)
        rules = self._wanted.rules(language, translated=True)
        return wishes_for(spoken, rules, options)
