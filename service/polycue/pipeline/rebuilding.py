"""What an earlier run heard, read from its JSON track: new tracks without the sound or a model."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from polycue.domain.chunk import Recognised
from polycue.domain.errors import SubtitleSyntax, TranscriptUnusable, Unreadable
from polycue.domain.language import UNDETERMINED, primary
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import InputFile, SpeechOptions, SpeechTask
from polycue.domain.track import TrackFormat, TrackKind
from polycue.domain.transcript import ChunkFacts, Transcript, Word
from polycue.tracks.files import decode_text, format_of
from polycue.tracks.json_track import Document, read_document
from polycue.tracks.size import read_file

# The sound of a film may end a little before or after its picture; another cut differs by more.
_SAME_LENGTH_MS = 1500
_WRITE_ONE = "write one with: polycue subtitle FILM -f json"


@dataclass(frozen=True, slots=True)
class Heard:
    """A stored transcript with its words. ``written`` is their language.

    That is not what is spoken where the recogniser itself translated.
    """

    transcript: Transcript
    written: str

    @property
    def speech_options(self) -> SpeechOptions:
        """How the recogniser was called, as far as it still matters."""
        spoken = self.transcript.language
        own = primary(self.written) == primary(spoken)
        return SpeechOptions(
            model=self.transcript.model,
            language="" if spoken == UNDETERMINED else spoken,
            task=SpeechTask.TRANSCRIBE if own else SpeechTask.TRANSLATE,
        )


def read_transcript(file: InputFile) -> Heard:
    """What was heard, from the track in the language of the recogniser's words.

    Raises:
        Unreadable: the file cannot be read.
        TranscriptUnusable: it is no such track, or damaged; the error says which file to take.
    """
    try:
        text = decode_text(read_file(file.path))
    except OSError as error:
        raise Unreadable(file.path, error.strerror or str(error)) from error
    document = _document(file, text)
    transcript = _made_from_speech(file, document)
    words = tuple(chain.from_iterable(cue.words for cue in document.track.cues))
    return Heard(replace(transcript, words=words), document.track.language)


def recognised_again(transcript: Transcript) -> Iterator[Recognised]:
    """The recogniser's results as they came: each chunk with the words that begin in its time."""
    chunks = transcript.chunks or (_one_chunk(transcript),)
    begins = [chunk.start_ms for chunk in chunks]
    words: list[list[Word]] = [[] for _ in chunks]
    at = 0
    for word in transcript.words:
        at = max(at, bisect_right(begins, word.start_ms) - 1)  # never back: the order is kept
        words[at].append(word)
    for chunk, said in zip(chunks, words, strict=True):
        yield Recognised(tuple(said), chunk, transcript.language_probability)


def film_of(transcript: Transcript, file: InputFile) -> Media:
    """What the transcript knows of its film, for those who need no more of it."""
    picture = Stream(0, 0, StreamKind.VIDEO, "", frame_rate=transcript.frame_rate)
    return Media(
        path=file.path,
        container="",
        start_ms=0,
        duration_ms=transcript.duration_ms,
        streams=(picture,) if transcript.frame_rate else (),
    )


def length_notices(transcript: Transcript, media: Media) -> tuple[Notice, ...]:
    """A doubt where the film that was given is not the one that was heard."""
    if media.duration_ms is None:
        return ()
    if abs(media.duration_ms - transcript.duration_ms) <= _SAME_LENGTH_MS:
        return ()
    here_s, there_s = media.duration_ms / 1000, transcript.duration_ms / 1000
    message = (
        f"the transcript is of a film of {there_s:.1f} s and this one has {here_s:.1f} s:"
        " its cues may come at the wrong time"
    )
    facts = {
        "media_ms": str(media.duration_ms),
        "transcript_ms": str(transcript.duration_ms),
    }
    return (Notice(NoticeReason.LENGTH_DIFFERS, message, facts),)


def _document(file: InputFile, text: str) -> Document:
    problem = "it has no words with times"
    try:
        if format_of(file.filename, text) is TrackFormat.JSON:
            return read_document(text)
    except SubtitleSyntax as error:
        problem = error.problem if error.format_name == "JSON" else "it is no JSON track of polycue"
    raise TranscriptUnusable(file.filename, problem, _WRITE_ONE)


def _made_from_speech(file: InputFile, document: Document) -> Transcript:
    track = document.track
    if track.kind is TrackKind.FORCED:
        raise TranscriptUnusable(
            file.filename, "it holds the foreign parts only", "take the whole track beside it"
        )
    if document.transcript is None and track.translated:
        spoken = track.route[0]
        raise TranscriptUnusable(
            file.filename,
            f"it is a translation from {spoken!r}",
            f"take the JSON track of the language that is spoken, such as film.{spoken}.json",
        )
    if document.transcript is None:
        raise TranscriptUnusable(file.filename, "it was not made from speech", _WRITE_ONE)
    for number, cue in enumerate(track.cues, start=1):
        if not cue.words:
            raise TranscriptUnusable(
                file.filename, f"its cue {number} has text and no words", _WRITE_ONE
            )
    return document.transcript


def _one_chunk(transcript: Transcript) -> ChunkFacts:
    nothing = float("nan")
    count = len(transcript.words)
    return ChunkFacts(
        0, transcript.duration_ms, transcript.language, nothing, nothing, nothing, count
    )
