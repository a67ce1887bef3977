"""A film to its transcript and tracks, stage by stage, as the sound comes in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from polycue.cues.islands import IslandSplitter
from polycue.cues.presets import Rules, rules_for
from polycue.cues.sentences import sentences
from polycue.cues.shots import reach_ms
from polycue.domain.audio import Audio, Span, joined
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED, primary
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice
from polycue.domain.progress import LanguageFound, Report, Stage, StageMoved
from polycue.domain.request import SpeechTask, SubtitleTask, options_for
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Sentence, Transcript, Word
from polycue.media.decode import Decoding, decode
from polycue.pipeline.assembling import GrowingTrack
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.forced import ForeignParts
from polycue.pipeline.ports import Recogniser, Translator
from polycue.pipeline.rebuilding import recognised_again
from polycue.pipeline.rooms import wishes_for
from polycue.pipeline.shots import KnownShots, ShotSource, shots_again, shots_of
from polycue.pipeline.spoken import (
    OPENING_MS,
    certainty,
    labelled,
    main_language,
    speech_ms,
)
from polycue.pipeline.targets import Target
from polycue.pipeline.telling import notices_of
from polycue.pipeline.tongues import Tongues
from polycue.pipeline.waiting import Island, WaitingIslands
from polycue.speech.cut import cut
from polycue.translation.terms import Glossary


@dataclass(frozen=True, slots=True)
class Subtitled:
    """What was said, and its tracks: the spoken language first, then the targets as asked for."""

    transcript: Transcript
    tracks: tuple[Track, ...]


class Subtitling:
    """One film on its way through the stages. Used once: make it, call ``run``."""

    def __init__(
        self,
        task: SubtitleTask,
        media: Media,
        recogniser: Recogniser,
        translator: Translator,
        *,
        cancel: CancelToken,
        report: Report,
    ) -> None:
        self._task, self._media = task, media
        self._recogniser, self._translator = recogniser, translator
        self._cancel, self._report = cancel, report
        self._speech: list[Span] = []
        self._results: list[Recognised] = []
        self._islands = IslandSplitter()
        self._shots: ShotSource = KnownShots()
        self._waiting = WaitingIslands(self._shots, 0)
        self._source: GrowingTrack | None = None
        self._targets: list[Target] = []
        self._language, self._certainty = task.speech.language, 1.0
        self._waits_ms = 0  # of speech, before the tracks open

    def run(self, stream: Stream, *, max_media_ms: int | None) -> Subtitled:
        """Decode, recognise, translate and lay out; ends with the last cue reported."""
        facts = self._recogniser.facts(self._task.speech.model)
        self._check_languages()
        if self._task.speech.follows_language and len(facts.languages) > 1:
            self._waits_ms = OPENING_MS
        with shots_of(self._media, self._task.layout, cancel=self._cancel) as shots:
            self._look_at(shots)
            return self._listen(facts, stream, max_media_ms)

    def _look_at(self, shots: ShotSource) -> None:
        """Take the cuts of the picture from here; before any track is open."""
        self._shots = shots
        self._waiting = WaitingIslands(shots, reach_ms(self._rules(UNDETERMINED, translated=False)))

    def _listen(self, facts: ModelFacts, stream: Stream, max_media_ms: int | None) -> Subtitled:
        with decode(
            self._media, stream, cancel=self._cancel, max_duration_ms=max_media_ms
        ) as decoding:
            chunks = cut(
                self._heard(decoding), self._task.speech.detection, max_chunk_ms=facts.max_chunk_ms
            )
            for result in self._recogniser.transcribe(
                self._noted(chunks), self._task.speech, cancel=self._cancel
            ):
                self._take(result)
                heard_ms = result.facts.end_ms
                self._report(StageMoved(Stage.TRANSCRIBE, heard_ms, self._media.duration_ms))
            duration_ms = max(decoding.decoded_ms, self._media.duration_ms or 0)
            notices = decoding.notices
        self._open()
        self._lay_out(self._islands.finish(), media_end_ms=duration_ms)
        self._lay_out_rest()
        notices += self._shots.notices()
        self._report(StageMoved(Stage.TRANSCRIBE, duration_ms, duration_ms, finished=True))
        return self._finish(self._transcript(facts, duration_ms, notices))

    def run_again(self, transcript: Transcript) -> Subtitled:
        """The same without listening: what was heard before is translated and laid out.

        The same words with the same wishes give the same cues.
        """
        self._check_languages()
        with shots_again(self._task, self._media, transcript.shots, cancel=self._cancel) as shots:
            self._look_at(shots)
            for result in recognised_again(transcript):
                self._take(result)
            self._open()
            self._lay_out(self._islands.finish(), media_end_ms=transcript.duration_ms)
            self._lay_out_rest()
            told = (*transcript.notices, *shots.notices())
            known = shots.result() or transcript.shots
        return self._finish(replace(transcript, notices=told, shots=known))

    def _check_languages(self) -> None:
        """Fail before any work where the caller named a pair or a preset that is not there."""
        for language in (self._task.speech.language, *self._task.targets):
            rules_for(self._task.layout, language or UNDETERMINED, None)
        if self._task.speech.language:
            written = self._written(self._task.speech.language)
            self._check_mux(written)
            for target in self._wanted(written):
                self._translator.route(written, target)

    def _check_mux(self, written: str) -> None:
        """Fail where a muxed copy is to draw or to prefer a track that there will not be."""
        languages = (written, *self._wanted(written))
        for options in self._task.mux:
            for field, language in (("burn_in", options.burn_in), ("default", options.default)):
                if language and language not in languages:
                    raise InvalidRequest(
                        f"mux.{field}_language_code",
                        f"{language!r} is no track of this film; it has {', '.join(languages)}",
                    )

    def _heard(self, decoding: Decoding) -> Iterator[Audio]:
        """Pass the sound on and say how far it has been decoded."""
        total_ms = self._media.duration_ms
        done_ms = 0
        for block in decoding:
            yield block
            done_ms = block.end_ms
            self._report(StageMoved(Stage.EXTRACT, done_ms, total_ms))
        self._report(StageMoved(Stage.EXTRACT, done_ms, total_ms, finished=True))

    def _noted(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Pass the chunks on and keep where somebody speaks in them."""
        for chunk in chunks:
            self._speech += chunk.speech
            yield chunk

    def _take(self, result: Recognised) -> None:
        """Keep a chunk's words, and lay out the islands they complete."""
        self._cancel.check()
        self._results.append(result)
        if self._source is not None:
            self._feed(result)
        elif speech_ms(self._results) >= self._waits_ms:
            self._open()

    def _open(self) -> None:
        """Start the tracks with what was heard so far; the language of the film is settled."""
        if self._source is not None or not self._results:
            return
        if not self._language:
            self._language = main_language(self._results)
            self._certainty = certainty(self._results, self._language)
        self._open_tracks(self._language)
        for result in self._results:
            self._feed(result)

    def _feed(self, result: Recognised) -> None:
        self._lay_out(self._islands.feed(self._words_of(result)), media_end_ms=None)

    def _words_of(self, result: Recognised) -> tuple[Word, ...]:
        return result.words if self._translates else labelled(result, self._language)

    @property
    def _translates(self) -> bool:
        """Whether the recogniser itself translates, so that all words are in one language."""
        return self._task.speech.task is SpeechTask.TRANSLATE

    def _written(self, spoken: str) -> str:
        """The language of the recogniser's words: English where it translates itself."""
        return "en" if self._translates else spoken

    def _wanted(self, written: str) -> tuple[str, ...]:
        return tuple(t for t in dict.fromkeys(self._task.targets) if t != written)

    def _open_tracks(self, spoken: str) -> None:
        """Start the tracks, now that the language is known."""
        self._report(LanguageFound(spoken))
        written = self._written(spoken)
        self._check_mux(written)
        own_route = () if primary(written) == primary(spoken) else (spoken, written)
        self._source = self._growing(written, own_route)
        for target in self._wanted(written):
            self._targets.append(self._target(target, written, own_route))

    def _target(self, language: str, written: str, own_route: tuple[str, ...]) -> Target:
        via = self._translator.route(written, language)
        bilingual = self._task.bilingual
        return Target(
            self._growing(language, own_route[:1] + via, above=written if bilingual else ""),
            Tongues(self._translator, written, language, cancel=self._cancel),
            options_for(language, self._task.translations),
            rules=self._rules(language, translated=True),
            above=self._rules(written, translated=bool(own_route)) if bilingual else None,
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
            self._rules(language, translated=bool(route)),
            self._report,
            cuts_ms=self._shots.cuts_ms,
            kind=kind or self._task.layout.track_kind,
            second_language=above,
        )

    def _wishes(self, language: str, spoken: Sequence[Sentence]) -> Wishes:
        options = options_for(language, self._task.translations)
        rules = self._rules(language, translated=True)
        return wishes_for(spoken, rules, Glossary.of(options.glossary))

    def _rules(self, language: str, *, translated: bool) -> Rules:
        rate = self._media.frame_rate
        return rules_for(self._task.layout, language, rate, translated=translated)

    def _lay_out(self, islands: list[tuple[Word, ...]], *, media_end_ms: int | None) -> None:
        """Turn finished islands into cues of every track, each once its cuts are known."""
        self._waiting.put(islands, next_start_ms=self._islands.begins_ms, media_end_ms=media_end_ms)
        for island in self._waiting.seen():
            self._lay_out_one(island)
        if (until_ms := self._shots.until_ms) is not None:
            self._tell_looking(until_ms)

    def _lay_out_rest(self) -> None:
        if self._source is None:  # nobody speaks, so nobody needs the cuts
            return
        for island in self._waiting.rest(self._tell_looking):
            self._lay_out_one(island)
        if shots := self._shots.result():
            self._tell_looking(shots.until_ms or self._media.duration_ms or 0, finished=True)

    def _tell_looking(self, until_ms: int, *, finished: bool = False) -> None:
        total_ms = self._media.duration_ms
        self._report(StageMoved(Stage.SHOTS, until_ms, total_ms, finished=finished))

    def _lay_out_one(self, island: Island) -> None:
        if self._source is None:
            return
        edges = {"next_start_ms": island.next_start_ms, "media_end_ms": island.media_end_ms}
        cues = self._source.add(island.words, **edges)
        if not self._targets:
            return
        parts = sentences(island.words, self._source.language)
        for target in self._targets:
            target.add(parts, cues, **edges)
        moved = StageMoved(Stage.TRANSLATE, island.words[-1].end_ms, self._media.duration_ms)
        self._report(moved)

    def _finish(self, transcript: Transcript) -> Subtitled:
        if self._targets:
            duration_ms = transcript.duration_ms
            self._report(StageMoved(Stage.TRANSLATE, duration_ms, duration_ms, finished=True))
        if self._source is None:
            return Subtitled(transcript, self._empty_tracks(transcript))
        first = self._source.finish()
        tracks = [replace(first, notices=transcript.notices + first.notices)]
        for target in self._targets:
            track = target.track.finish()
            notices = (*track.notices, *target.notices())
            tracks.append(replace(track, notices=notices))
        return Subtitled(transcript, (*tracks, *self._forced_tracks(transcript.duration_ms)))

    def _forced_tracks(self, duration_ms: int) -> Iterator[Track]:
        """Those of the foreign parts, if they are asked for: only now is the main language sure."""
        if not self._task.forced:
            return
        parts = ForeignParts(self._results, "en" if self._translates else "")
        for language in dict.fromkeys((self._written(parts.main), *self._task.targets)):
            yield parts.track(
                language,
                self._translator,
                partial(self._growing, kind=TrackKind.FORCED),
                partial(self._wishes, language),
                media_end_ms=duration_ms,
                cancel=self._cancel,
            )

    def _transcript(
        self, facts: ModelFacts, duration_ms: int, decoded: tuple[Notice, ...]
    ) -> Transcript:
        results = self._results
        transcript = Transcript(
            words=tuple(word for result in results for word in self._words_of(result)),
            language=self._language or UNDETERMINED,
            language_probability=self._certainty if results else 0.0,
            chunks=tuple(result.facts for result in results),
            duration_ms=duration_ms,
            model=facts.name,
            speech=joined(self._speech),
            defence=tuple(verdict for result in results for verdict in result.verdicts),
            frame_rate=self._media.frame_rate,
            shots=self._shots.result() if results else None,
        )
        return replace(transcript, notices=(*decoded, *notices_of(transcript, facts, decoded)))

    def _empty_tracks(self, transcript: Transcript) -> tuple[Track, ...]:
        """Valid tracks without cues, for a film in which nobody speaks."""
        spoken, kind = self._written(transcript.language), self._task.layout.track_kind
        above = spoken if self._task.bilingual else ""
        return (
            Track(spoken, (), kind, notices=transcript.notices),
            *(
                Track(target, (), kind, (spoken, target), second_language=above)
                for target in self._wanted(spoken)
            ),
            *self._empty_forced_tracks(spoken),
        )

    def _empty_forced_tracks(self, spoken: str) -> Iterator[Track]:
        if self._task.forced:
            for language in dict.fromkeys((spoken, *self._task.targets)):
                yield Track(language, (), TrackKind.FORCED)
