"""SubtitleService."""

from functools import partial

from polycue.api.v1 import subtitles_pb2 as pb
from polycue.api.v1 import subtitles_pb2_grpc as pb_grpc
from polycue.rpc.guard import Context
from polycue.rpc.texts import Texts
from polycue.rpc.workers import Workers


class SubtitleService(pb_grpc.SubtitleServiceServicer):
    def __init__(self, texts: Texts, workers: Workers) -> None:
        self._texts, self._workers = texts, workers

    async def TranslateSubtitles(
        self, request: pb.TranslateSubtitlesRequest, context: Context
    ) -> pb.TranslateSubtitlesResponse:
        return await self._workers.answer(partial(self._texts.translate, request))

    async def ConvertSubtitles(
        self, request: pb.ConvertSubtitlesRequest, context: Context
    ) -> pb.ConvertSubtitlesResponse:
        return await self._workers.answer(partial(self._texts.convert, request))

    async def LintSubtitles(
        self, request: pb.LintSubtitlesRequest, context: Context
    ) -> pb.LintSubtitlesResponse:
        return await self._workers.answer(partial(self._texts.lint, request))
