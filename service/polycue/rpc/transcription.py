"""TranscriptionService."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1 import transcription_pb2_grpc as pb_grpc
from polycue.domain.progress import Event
from polycue.pipeline.result import TaskResult
from polycue.rpc.clips import Clips
from polycue.rpc.convert import tracks
from polycue.rpc.guard import Context
from polycue.rpc.limits import require_sendable


class TranscriptionService(pb_grpc.TranscriptionServiceServicer):
    def __init__(self, clips: Clips) -> None:
        self._clips = clips

    async def Transcribe(
        self, request: pb.TranscribeRequest, context: Context
    ) -> pb.TranscribeResponse:
        def whole(happened: Event | TaskResult) -> Iterator[pb.TranscribeResponse]:
            if isinstance(happened, TaskResult):
                yield tracks.transcribed(happened, with_words=request.transcribe.word_timing)

        within_s = context.time_remaining()
        async with aclosing(self._clips.messages(request, whole, within_s=within_s)) as messages:
            (response,) = [message async for message in messages]
        require_sendable(response, "use StreamTranscribe or CreateJob")
        return response

    async def StreamTranscribe(
        self, request: pb.StreamTranscribeRequest, context: Context
    ) -> AsyncGenerator[pb.StreamTranscribeResponse]:
        telling = tracks.Telling(with_words=request.transcribe.word_timing)
        within_s = context.time_remaining()
        telling_all = self._clips.messages(request, telling.of, within_s=within_s)
        async with aclosing(telling_all) as messages:
            async for message in messages:
                yield message
