"""What a caller knows already, and is not told again when its call goes on elsewhere.

Nothing here speaks to a server.
"""

from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2


class Watch:
    """A job being watched: how far that came, and everything it has told.

    After a break the server repeats what it is not sure of: a snapshot of the job, and cues from
    further back, or from the beginning where another server, or a new one, answers.
    """

    complete = False  # the server says when, by ending the stream

    def __init__(self, request: jobs_pb2.WatchJobRequest) -> None:
        self._request = request
        self._cues: set[tuple[str, int, int]] = set()
        self._artifacts: set[str] = set()
        self._job: jobs_pb2.Job | None = None

    def __repr__(self) -> str:
        return f"Watch({self._request.name}, {len(self._cues)} cues)"

    def request(self) -> jobs_pb2.WatchJobRequest:
        """For what comes after all that was told."""
        return self._request

    def take(self, event: jobs_pb2.WatchJobResponse) -> jobs_pb2.WatchJobResponse | None:
        """The event without what was told before; None where nothing is left of it."""
        self._request.after_sequence = event.sequence
        match event.WhichOneof("event"):
            case "heartbeat":
                return None
            case "job":
                if event.job == self._job:
                    return None
                self._job = event.job
            case "artifact":
                if event.artifact.name in self._artifacts:
                    return None
                self._artifacts.add(event.artifact.name)
            case "cues":
                return self._new_cues(event)
        return event

    def _new_cues(self, event: jobs_pb2.WatchJobResponse) -> jobs_pb2.WatchJobResponse | None:
        """A cue is known by its track and its index: it never changes once it was told."""
        track = event.cues
        new = [cue for cue in track.cues if self._key(track, cue) not in self._cues]
        self._cues.update(self._key(track, cue) for cue in new)
        if len(new) == len(track.cues):
            return event
        if not new:
            return None
        rest = jobs_pb2.WatchJobResponse()
        rest.CopyFrom(event)
        del rest.cues.cues[:]
        rest.cues.cues.extend(new)
        return rest

    @staticmethod
    def _key(track: media_pb2.Track, cue: media_pb2.Cue) -> tuple[str, int, int]:
        return track.language_code, track.kind, cue.index


class ClipTold:
    """Everything that was told of a clip, which another server begins anew."""

    def __init__(self) -> None:
        self._cues: set[tuple[str, int]] = set()
        self._started, self._processed_ms = False, -1

    def __repr__(self) -> str:
        return f"ClipTold({len(self._cues)} cues)"

    def is_new(self, event: transcription_pb2.StreamTranscribeResponse) -> bool:
        match event.WhichOneof("event"):
            case "started":
                new, self._started = not self._started, True
            case "cue":
                key = event.cue.language_code, event.cue.cue.index
                new = key not in self._cues
                self._cues.add(key)
            case "progress":
                processed_ms = event.progress.processed_duration.ToMilliseconds()
                new = processed_ms > self._processed_ms
                self._processed_ms = max(processed_ms, self._processed_ms)
            case _:
                new = True
        return new
