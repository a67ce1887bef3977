"""TranscriptionService."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1 import transcription_pb2_grpc as pb_grpc
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
        result = TaskResult()
        async with aclosing(
            self._clips.events(request, within_s=context.time_remaining())
        ) as events:
            async for event in events:
                if isinstance(event, TaskResult):
                    result = event
        response = tracks.transcribed(result, with_words=request.transcribe.word_timing)
        require_sendable(response, "use StreamTranscribe or CreateJob")
        return response

    async def StreamTranscribe(
        self, request: pb.StreamTranscribeRequest, context: Context
    ) -> AsyncGenerator[pb.StreamTranscribeResponse]:
        telling = tracks.Telling(with_words=request.transcribe.word_timing)
        async with aclosing(
            self._clips.events(request, within_s=context.time_remaining())
        ) as events:
            async for event in events:
                for message in telling.of(event):
                    yield message
