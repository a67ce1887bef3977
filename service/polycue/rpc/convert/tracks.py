"""Cues, tracks and notices to messages."""

from collections.abc import Iterable, Iterator

from polycue.api.v1 import media_pb2, transcription_pb2
from polycue.domain.cue import Cue
from polycue.domain.notice import Notice
from polycue.domain.progress import CuesReady, Event, MediaFound, Stage, StageMoved
from polycue.domain.track import Track, TrackKind
from polycue.domain.transcript import Word
from polycue.pipeline.result import TaskResult
from polycue.rpc.convert import reports, times
from polycue.rpc.convert.usage import usage

_MOST_NOTICES = 200  # a result with more says the same thing over and over

_KINDS: dict[TrackKind, media_pb2.TrackKind.ValueType] = {
    TrackKind.SUBTITLES: media_pb2.TRACK_KIND_SUBTITLES,
    TrackKind.CAPTIONS: media_pb2.TRACK_KIND_CAPTIONS,
    TrackKind.FORCED: media_pb2.TRACK_KIND_FORCED,
}

StreamEvent = transcription_pb2.StreamTranscribeResponse


def cue(value: Cue, index: int, *, with_words: bool) -> media_pb2.Cue:
    return media_pb2.Cue(
        index=index,
        start_offset=times.duration(value.start_ms),
        end_offset=times.duration(value.end_ms),
        text=value.text,
        words=[_word(word) for word in value.words] if with_words else (),
        flags=sorted(flag.value for flag in value.flags),
        costs=dict(value.costs),
    )


def track(value: Track, *, with_words: bool) -> media_pb2.Track:
    return media_pb2.Track(
        language_code=value.language,
        cues=[cue(c, n, with_words=with_words) for n, c in enumerate(value.cues, start=1)],
        route=value.route,
        notices=notices(value.notices),
        kind=_KINDS[value.kind],
        second_language_code=value.second_language,
        report=reports.report(value.report),
    )


def track_without_cues(value: Track) -> media_pb2.Track:
    return media_pb2.Track(
        language_code=value.language,
        route=value.route,
        notices=notices(value.notices),
        kind=_KINDS[value.kind],
        second_language_code=value.second_language,
        report=reports.report(value.report),
    )


def cues_of_track(event: CuesReady, *, with_words: bool = False) -> media_pb2.Track:
    """The new cues of a track that still grows."""
    numbered = enumerate(event.cues, start=event.first_index)
    return media_pb2.Track(
        language_code=event.language,
        cues=[cue(c, n, with_words=with_words) for n, c in numbered],
        kind=_KINDS[event.kind],
    )


def notices(values: Iterable[Notice]) -> list[media_pb2.Notice]:
    return [
        media_pb2.Notice(reason=value.reason.value, message=value.message, metadata=value.facts)
        for value in list(values)[:_MOST_NOTICES]
    ]


def transcribed(result: TaskResult, *, with_words: bool) -> transcription_pb2.TranscribeResponse:
    return transcription_pb2.TranscribeResponse(
        tracks=[track(value, with_words=with_words) for value in result.tracks],
        media_duration=times.duration(result.duration_ms),
        engine_usage=usage(result.usage),
    )


class Telling:
    """One clip's events as messages of a stream, from Started to Finished."""

    def __init__(self, *, with_words: bool) -> None:
        self._with_words = with_words
        self._cue_count = 0

    def of(self, event: Event | TaskResult) -> Iterator[StreamEvent]:
        match event:
            case MediaFound(duration_ms):
                length = None if duration_ms is None else times.duration(duration_ms)
                yield StreamEvent(started=StreamEvent.Started(media_duration=length))
            case CuesReady():
                yield from self._cues(event)
            case StageMoved(Stage.TRANSCRIBE, processed_ms):
                done = times.duration(processed_ms)
                yield StreamEvent(progress=StreamEvent.Progress(processed_duration=done))
            case TaskResult():
                yield StreamEvent(finished=self._finished(event))

    def _cues(self, event: CuesReady) -> Iterator[StreamEvent]:
        self._cue_count += len(event.cues)
        for number, value in enumerate(event.cues, start=event.first_index):
            message = cue(value, number, with_words=self._with_words)
            yield StreamEvent(cue=StreamEvent.TrackCue(language_code=event.language, cue=message))

    def _finished(self, result: TaskResult) -> StreamEvent.Finished:
        return StreamEvent.Finished(
            tracks=[track_without_cues(value) for value in result.tracks],
            cue_count=self._cue_count,
            media_duration=times.duration(result.duration_ms),
            engine_usage=usage(result.usage),
        )


def _word(value: Word) -> media_pb2.Word:
    return media_pb2.Word(
        start_offset=times.duration(value.start_ms),
        end_offset=times.duration(value.end_ms),
        text=value.text,
        probability=value.probability,
        speaker=value.speaker or "",
        language_code=value.language,
    )
