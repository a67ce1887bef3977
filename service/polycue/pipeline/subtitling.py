"""A film to its transcript and tracks, stage by stage, as the sound comes in."""

from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, replace

from polycue.cues.islands import IslandSplitter
from polycue.cues.shots import reach_ms
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import ModelsTooLarge, NoRoomNow
from polycue.domain.language import UNDETERMINED
from polycue.domain.media import Media, Stream
from polycue.domain.progress import LanguageFound, Stage, StageMoved
from polycue.domain.request import SubtitleTask
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript, Word
from polycue.pipeline.attending import Attending
from polycue.pipeline.film_tracks import FilmTracks
from polycue.pipeline.ports import Recogniser
from polycue.pipeline.rebuilding import recognised_again
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.shots import KnownShots, ShotSource, shots_again
from polycue.pipeline.sound import Sound, sound_of
from polycue.pipeline.spoken import OPENING_MS, Spoken
from polycue.pipeline.telling import notices_of
from polycue.pipeline.waiting import Island, WaitingIslands
from polycue.pipeline.wanted import WantedTracks


@dataclass(frozen=True, slots=True)
class Subtitled:
    """What was said, and its tracks: the spoken language first, then the targets as asked for."""

    transcript: Transcript
    tracks: tuple[Track, ...]


class Subtitling:
    """One film on its way through the stages. Used once: make it, call ``run``."""

    def __init__(self, task: SubtitleTask, media: Media, run: Run) -> None:
        self._task, self._media, self._run = task, media, run
        self._cancel, self._report = run.cancel, run.report
        self._wanted = WantedTracks(task, media.frame_rate)
        self._spoken = Spoken(task.speech)
        self._islands = IslandSplitter()
        self._shots: ShotSource = KnownShots()
        self._waiting = WaitingIslands(self._shots, 0)
        self._tracks: FilmTracks | None = None
        self._closing = ExitStack()  # of the tracks' own thread
        self._waits_ms = 0  # of speech, before the tracks open

    def run(self, stream: Stream, *, max_media_ms: int | None) -> Subtitled:
        """Decode, recognise, translate and lay out; ends with the last cue reported."""
        facts = self._run.recogniser.facts(self._task.speech.model)
        try:
            return self._run_with(facts, stream, max_media_ms)
        except NoRoomNow as error:
            if facts.name in error.never_beside:  # it stands in its own way, however long it waits
                raise ModelsTooLarge(facts.name, error.model, error.budget_bytes) from error
            raise

    def _run_with(self, facts: ModelFacts, stream: Stream, max_media_ms: int | None) -> Subtitled:
        self._wanted.check(self._run.translator)
        recogniser = self._run.begin(self._task.media, stream, self._task.speech)
        if self._task.speech.follows_language and len(facts.languages) > 1:
            self._waits_ms = OPENING_MS
        with self._closing, self._run.shots(self._media, self._task.layout) as shots:
            self._look_at(shots)
            with (
                self._run.times.part_of("listen"),
                sound_of(
                    self._media,
                    stream,
                    self._task.speech.detection,
                    max_chunk_ms=facts.max_chunk_ms,
                    max_media_ms=max_media_ms,
                    cancel=self._cancel,
                    report=self._report,
                ) as sound,
            ):
                self._listen(sound, recogniser, facts)
            return self._heard(sound, facts)

    def run_again(self, transcript: Transcript) -> Subtitled:
        """The same without listening: what was heard before is translated and laid out.

        The same words with the same wishes give the same cues.
        """
        self._wanted.check(self._run.translator)
        self._run.begin_without_speech()
        with self._closing, self._shots_again(transcript) as shots:
            self._look_at(shots)
            for result in recognised_again(transcript):
                self._take(result)
            self._take_rest(transcript.duration_ms)
            told = (*transcript.notices, *shots.notices())
            known = shots.result() or transcript.shots
            return self._finish(replace(transcript, notices=told, shots=known))

    def _shots_again(self, transcript: Transcript) -> AbstractContextManager[ShotSource]:
        """The cuts that an earlier task found, or those of the film where that is there."""
        if transcript.shots is None and self._task.has_film:
            return self._run.shots(self._media, self._task.layout)
        return nullcontext(shots_again(self._task.layout.shots, transcript.shots))

    def _look_at(self, shots: ShotSource) -> None:
        """Take the cuts of the picture from here; before any track is open."""
        self._shots = shots
        rules = self._wanted.rules(UNDETERMINED, translated=False)
        self._waiting = WaitingIslands(shots, reach_ms(rules))

    def _listen(self, sound: Sound, recogniser: Recogniser, facts: ModelFacts) -> None:
        chunks = Attending(sound.chunks(), self._run.own_thread)
        with closing(
            recogniser.transcribe(
                chunks, self._task.speech, cancel=self._cancel, caller=self._run.caller
            )
        ) as results:
            for result in results:
                self._take(result)
                heard_ms = result.facts.end_ms
                self._report(StageMoved(Stage.TRANSCRIBE, heard_ms, self._media.duration_ms))

    def _heard(self, sound: Sound, facts: ModelFacts) -> Subtitled:
        """All of the sound is heard: lay out what still waits, and finish."""
        duration_ms = sound.duration_ms
        self._take_rest(duration_ms)
        self._report(StageMoved(Stage.TRANSCRIBE, duration_ms, duration_ms, finished=True))
        transcript = replace(
            self._spoken.transcript(facts.name, duration_ms),
            speech=sound.speech,
            frame_rate=self._media.frame_rate,
            shots=self._shots.result() if self._tracks else None,
        )
        decoded = (*sound.notices, *self._shots.notices())
        notices = (*decoded, *notices_of(transcript, facts, decoded))
        return self._finish(replace(transcript, notices=notices))

    def _take(self, result: Recognised) -> None:
        """Keep a chunk's words, and lay out the islands they complete."""
        self._cancel.check()
        self._run.own_thread.catch_up()
        self._spoken.add(result)
        if self._tracks is not None:
            self._feed(result)
        elif self._spoken.speech_ms >= self._waits_ms:
            self._open()

    def _take_rest(self, duration_ms: int) -> None:
        """No result comes any more."""
        self._open()
        self._lay_out(self._islands.finish(), media_end_ms=duration_ms)
        self._lay_out_rest()

    def _open(self) -> None:
        """Start the tracks with what was heard so far; the language of the film is settled."""
        if self._tracks is not None or not self._spoken.results:
            return
        language = self._spoken.settle()
        self._report(LanguageFound(language))
        tracks = FilmTracks(
            self._task,
            self._wanted,
            language,
            self._run,
            cuts_ms=self._shots.cuts_ms,
            duration_ms=self._media.duration_ms,
        )
        self._tracks = self._closing.enter_context(tracks)
        for result in self._spoken.results:
            self._feed(result)

    def _feed(self, result: Recognised) -> None:
        words = self._spoken.words_of(result)
        self._lay_out(self._islands.feed(words), media_end_ms=None)

    def _lay_out(self, islands: list[tuple[Word, ...]], *, media_end_ms: int | None) -> None:
        """Turn finished islands into cues of every track, each once its cuts are known."""
        self._waiting.put(islands, next_start_ms=self._islands.begins_ms, media_end_ms=media_end_ms)
        for island in self._waiting.seen():
            self._lay_out_one(island)
        if (until_ms := self._shots.until_ms) is not None:
            self._tell_looking(until_ms)

    def _lay_out_rest(self) -> None:
        if self._tracks is None:  # nobody speaks, so nobody needs the cuts
            return
        for island in self._waiting.rest(self._tell_looking):
            self._lay_out_one(island)
        if shots := self._shots.result():
            self._tell_looking(shots.until_ms or self._media.duration_ms or 0, finished=True)

    def _tell_looking(self, until_ms: int, *, finished: bool = False) -> None:
        self._run.own_thread.catch_up()
        total_ms = self._media.duration_ms
        self._report(StageMoved(Stage.SHOTS, until_ms, total_ms, finished=finished))

    def _lay_out_one(self, island: Island) -> None:
        if self._tracks is None:
            return
        self._tracks.add(island)

    def _finish(self, transcript: Transcript) -> Subtitled:
        if self._tracks is None:
            empty = self._wanted.empty(transcript.language, transcript.notices)
            return Subtitled(transcript, tuple(empty))
        duration_ms = transcript.duration_ms
        self._tracks.catch_up(duration_ms)
        tracks = self._tracks.finish(transcript.notices)
        # Only now is it sure which language is the main one.
        forced = self._tracks.forced(self._spoken.results, duration_ms)
        return Subtitled(transcript, (*tracks, *forced))
