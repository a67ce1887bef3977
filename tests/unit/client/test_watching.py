from google.protobuf import duration_pb2

from polycue.api.v1.media_pb2 import Cue
from polycue.api.v1.transcription_pb2 import StreamTranscribeResponse as Event
from polycue_client.watching import ClipTold


def started() -> Event:
    return Event(started=Event.Started())


def cue(index: int, language: str = "en") -> Event:
    return Event(cue=Event.TrackCue(language_code=language, cue=Cue(index=index)))


def processed(seconds: int) -> Event:
    progress = Event.Progress(processed_duration=duration_pb2.Duration(seconds=seconds))
    return Event(progress=progress)


def test_a_clip_begun_anew_tells_only_what_was_not_told() -> None:
    told = ClipTold()
    before = [started(), cue(1), processed(3), cue(1, "es"), cue(2)]
    assert [event for event in before if told.is_new(event)] == before
    new = [cue(2, "es"), processed(9), cue(3), Event(finished=Event.Finished())]
    assert [event for event in (*before, *new) if told.is_new(event)] == new
