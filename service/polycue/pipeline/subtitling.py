"""A film to its transcript and tracks, stage by stage, as the sound comes in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polycue.cues.islands import IslandSplitter
from polycue.cues.presets import Rules, rules_for
from polycue.cues.sentences import sentences
from polycue.domain.audio import Audio, Span, joined
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED, name, primary
from polycue.domain.media import Media, Stream
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import LanguageFound, Report, Stage, StageMoved
from polycue.domain.request import SpeechTask, SubtitleTask, options_for
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript, Word
from polycue.media.decode import Decoding, decode
from polycue.pipeline.assembling import GrowingTrack
from polycue.pipeline.ports import Recogniser, Translator
from polycue.pipeline.rebuilding import recognised_again
from polycue.pipeline.targets import Target
from polycue.speech.cut import cut

# Below this the detected language is told as a doubt: openai/whisper warns its users likewise.
UNCERTAIN_BELOW = 0.5


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
        self._source: GrowingTrack | None = None
        self._targets: list[Target] = []

    def run(self, stream: Stream, *, max_media_ms: int | None) -> Subtitled:
        """Decode, recognise, translate and lay out; ends with the last cue reported."""
        facts = self._recogniser.facts(self._task.speech.model)
        self._check_languages()
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
        self._lay_out(self._islands.finish(), media_end_ms=duration_ms)
        self._report(StageMoved(Stage.TRANSCRIBE, duration_ms, duration_ms, finished=True))
        return self._finish(self._transcript(facts, duration_ms, notices))

    def run_again(self, transcript: Transcript) -> Subtitled:
        """The same without listening: what was heard before is translated and laid out.

        The same words with the same wishes give the same cues.
        """
        self._check_languages()
        for result in recognised_again(transcript):
            self._take(result)
        self._lay_out(self._islands.finish(), media_end_ms=transcript.duration_ms)
        return self._finish(transcript)

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
        if self._source is None:
            self._open_tracks(result.facts.language)
        self._results.append(result)
        self._lay_out(self._islands.feed(result.words), media_end_ms=None)

    def _written(self, spoken: str) -> str:
        """The language of the recogniser's words: English where it translates itself."""
        return "en" if self._task.speech.task is SpeechTask.TRANSLATE else spoken

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
            via,
            options_for(language, self._task.translations),
            rules=self._rules(language),
            above=self._rules(written) if bilingual else None,
        )

    def _growing(self, language: str, route: tuple[str, ...], above: str = "") -> GrowingTrack:
        return GrowingTrack(
            language,
            route,
            self._rules(language),
            self._report,
            kind=self._task.layout.track_kind,
            second_language=above,
        )

    def _rules(self, language: str) -> Rules:
        return rules_for(self._task.layout, language, self._media.frame_rate)

    def _lay_out(self, islands: list[tuple[Word, ...]], *, media_end_ms: int | None) -> None:
        """Turn finished islands into cues of every track."""
        if self._source is None:
            return
        nexts = [*(island[0].start_ms for island in islands[1:]), self._islands.begins_ms]
        for island, next_ms in zip(islands, nexts, strict=False):  # there may be no island
            cues = self._source.add(island, next_start_ms=next_ms, media_end_ms=media_end_ms)
            parts = sentences(island, self._source.language) if self._targets else []
            for target in self._targets:
                target.add(
                    self._translator,
                    parts,
                    cues,
                    next_start_ms=next_ms,
                    media_end_ms=media_end_ms,
                    cancel=self._cancel,
                )
            if self._targets:
                moved = StageMoved(Stage.TRANSLATE, island[-1].end_ms, self._media.duration_ms)
                self._report(moved)

    def _finish(self, transcript: Transcript) -> Subtitled:
        if self._targets:
            duration_ms = transcript.duration_ms
            self._report(StageMoved(Stage.TRANSLATE, duration_ms, duration_ms, finished=True))
        if self._source is None:
            return Subtitled(transcript, self._empty_tracks(transcript))
        tracks = (self._source.finish(), *(t.track.finish() for t in self._targets))
        first = replace(tracks[0], notices=transcript.notices + tracks[0].notices)
        return Subtitled(transcript, (first, *tracks[1:]))

    def _transcript(
        self, facts: ModelFacts, duration_ms: int, decoded: tuple[Notice, ...]
    ) -> Transcript:
        results = self._results
        words = tuple(word for result in results for word in result.words)
        language = results[0].facts.language if results else self._task.speech.language
        probability = results[0].language_probability if results else 0.0
        notices = (*decoded, *notices_of(facts, words, language, probability, decoded))
        return Transcript(
            words=words,
            language=language or UNDETERMINED,
            language_probability=probability,
            chunks=tuple(result.facts for result in results),
            duration_ms=duration_ms,
            model=facts.name,
            notices=notices,
            speech=joined(self._speech),
            frame_rate=self._media.frame_rate,
        )

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
        )


def notices_of(
    facts: ModelFacts,
    words: tuple[Word, ...],
    language: str,
    probability: float,
    decoded: tuple[Notice, ...],
) -> Iterator[Notice]:
    """What the recogniser's results give reason to say."""
    silent = any(notice.reason is NoticeReason.SILENT_AUDIO for notice in decoded)
    if not words and not silent:
        yield Notice(NoticeReason.NO_SPEECH, "nobody speaks in this film, so it has no cues")
    if words and probability < UNCERTAIN_BELOW:
        yield Notice(
            NoticeReason.LANGUAGE_UNCERTAIN,
            f"the language is perhaps {name(language)} ({probability:.0%}); name it to be sure",
            {"language": language, "probability": f"{probability:.3f}"},
        )
    if words and facts.demo:
        yield Notice(
            NoticeReason.DEMO_MODEL,
            f"{facts.name} is a demo model: it knows the small world of the demo film only",
            {"model": facts.name},
        )
