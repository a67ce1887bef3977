"""What a film gives to hold subtitles against: its words where they help, and its speech."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from polycue.domain.audio import Span, joined
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.errors import LanguageNotSupported, ModelMissing
from polycue.domain.language import name, primary
from polycue.domain.notice import Notice
from polycue.domain.progress import LanguageFound, MediaFound, Stage, StageMoved
from polycue.domain.request import InputFile, SyncMode, SyncTask
from polycue.domain.transcript import Word
from polycue.media.probe import probe
from polycue.media.streams import choose_audio
from polycue.pipeline.ports import Recogniser
from polycue.pipeline.rebuilding import read_transcript
from polycue.pipeline.resuming.run import Run
from polycue.pipeline.sound import sound_of

_CHUNK_MS = 30_000  # where no model says how long one may be


@dataclass(frozen=True, slots=True)
class Heard:
    """``language`` is that of the words; where there are none, ``wordless`` may say why."""

    words: tuple[Word, ...]
    speech: tuple[Span, ...]
    duration_ms: int
    language: str = ""
    wordless: str = ""
    notices: tuple[Notice, ...] = ()


def stored(transcript: InputFile) -> Heard:
    """What an earlier run heard.

    Raises:
        Unreadable, TranscriptUnusable: the file does not hold it.
    """
    heard = read_transcript(transcript)
    words = heard.transcript.words
    return Heard(
        words,
        heard.transcript.speech or joined(Span(word.start_ms, word.end_ms) for word in words),
        heard.transcript.duration_ms,
        heard.written,
    )


class Listening:
    """One film heard for the sake of a subtitle file. Used once: make it, call ``run``."""

    def __init__(self, task: SyncTask, run: Run) -> None:
        self._task, self._run = task, run
        self._cancel, self._report = run.cancel, run.report
        self._words: list[Word] = []
        self._language = self._wordless = ""

    def run(self, *, max_media_ms: int | None) -> Heard:
        """Decode all of it; recognise it as far as the words can be those of the subtitles."""
        with self._run.times.part_of("probe"):
            media = probe(self._task.media.path, cancel=self._cancel)
        self._report(MediaFound(media.duration_ms))
        self._report(StageMoved(Stage.PROBE, 0, media.duration_ms, finished=True))
        stream = choose_audio(media, self._task.audio)
        max_chunk_ms = self._most_the_recogniser_takes()
        with (
            self._run.times.part_of("listen"),
            sound_of(
                media,
                stream,
                self._task.speech.detection,
                max_chunk_ms=max_chunk_ms or _CHUNK_MS,
                max_media_ms=max_media_ms,
                cancel=self._cancel,
                report=self._report,
            ) as sound,
        ):
            chunks = sound.chunks()
            if max_chunk_ms:
                recogniser = self._run.begin(self._task.media, stream, self._task.speech)
                self._recognise(recogniser, chunks, media.duration_ms)
            for _ in chunks:  # what was not recognised is speech all the same
                self._cancel.check()
        return Heard(
            tuple(self._words),
            sound.speech,
            sound.duration_ms,
            self._language,
            self._wordless,
            sound.notices,
        )

    def _most_the_recogniser_takes(self) -> int:
        """In milliseconds; 0 where it is not to be asked, or not there."""
        if self._task.mode is SyncMode.SPEECH:
            return 0
        try:
            return self._run.recogniser.facts(self._task.speech.model).max_chunk_ms
        except ModelMissing as error:
            self._do_without_words(error)
            return 0

    def _recognise(
        self, recogniser: Recogniser, chunks: Iterator[Chunk], total_ms: int | None
    ) -> None:
        try:
            with closing(
                recogniser.transcribe(
                    chunks, self._task.speech, cancel=self._cancel, caller=self._run.caller
                )
            ) as results:
                if not self._take_all(results, total_ms):
                    return
        except LanguageNotSupported as error:
            self._do_without_words(error)
        self._report(StageMoved(Stage.TRANSCRIBE, total_ms or 0, total_ms, finished=True))

    def _take_all(self, results: Iterator[Recognised], total_ms: int | None) -> bool:
        """Keep their words; False where these can be of no use, and nobody need listen on."""
        for result in results:
            self._cancel.check()
            if not self._language:
                self._language = result.facts.language
                self._report(LanguageFound(self._language))
            if self._foreign(self._language):  # not: of this chunk; films have foreign parts
                self._wordless = f"{name(self._language)} is spoken, which is not their language"
                return False
            self._words += result.words
            self._report(StageMoved(Stage.TRANSCRIBE, result.facts.end_ms, total_ms))
        return True

    def _foreign(self, spoken: str) -> bool:
        """Whether the words can be of no use, and the work for them can be saved."""
        own = self._task.language
        return self._task.mode is SyncMode.AUTO and bool(own) and primary(own) != primary(spoken)

    def _do_without_words(self, error: ModelMissing | LanguageNotSupported) -> None:
        if self._task.mode is SyncMode.TEXT:
            raise error
        self._wordless = str(error)
