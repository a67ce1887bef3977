"""How the methods of all services call: with patience, page by page, and over broken streams."""

from collections.abc import AsyncGenerator
from typing import TypeVar

import grpc

from polycue.api.v1 import (
    artifacts_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    jobs_pb2_grpc,
    subtitles_pb2_grpc,
    transcription_pb2_grpc,
    uploads_pb2_grpc,
)
from polycue_client.errors import PolycueClientError, ServerUnreachable
from polycue_client.methods.shapes import Page, PageRequest, Resumable
from polycue_client.retry import CLIP_TRIES, Failures, Retry, bare
from polycue_client.wire.line import Answer, Asked, Line

_Wanted = TypeVar("_Wanted", bound=PageRequest)
_Page = TypeVar("_Page", bound=Page)
_Item = TypeVar("_Item")


class Caller:
    def __init__(
        self,
        line: Line,
        channel: grpc.Channel,
        *,
        timeout_s: float,
        clip_timeout_s: float,
        retry: Retry,
    ) -> None:
        self._line = line
        self._timeout_s, self._clip_timeout_s = timeout_s, clip_timeout_s
        self._retry, self._reached = retry, False
        self._catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        self._transcription = transcription_pb2_grpc.TranscriptionServiceStub(channel)
        self._subtitles = subtitles_pb2_grpc.SubtitleServiceStub(channel)
        self._uploads = uploads_pb2_grpc.UploadServiceStub(channel)
        self._jobs = jobs_pb2_grpc.JobServiceStub(channel)
        self._artifacts = artifacts_pb2_grpc.ArtifactServiceStub(channel)

    async def _ask(
        self, method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]", request: Asked
    ) -> Answer:
        """The answer to a call that can be repeated, from a server that may be away for a while."""
        failures = Failures(self._retry)
        while True:
            try:
                answer = await self._line.ask(method, request, self._timeout_s)
            except PolycueClientError as error:
                self._reached |= not isinstance(error, ServerUnreachable)  # a refusal is an answer
                if not self._reached or self._line.interrupted:
                    raise
                await self._line.pause(failures.delay_s(error))
            else:
                self._reached = True
                return answer

    async def _pages(
        self, method: "grpc.UnaryUnaryMultiCallable[_Wanted, _Page]", request: _Wanted
    ) -> AsyncGenerator[_Page]:
        while True:
            page = await self._ask(method, request)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def _resumed(
        self,
        method: "grpc.UnaryStreamMultiCallable[Asked, Answer]",
        stream: Resumable[Asked, Answer, _Item],
    ) -> AsyncGenerator[_Item]:
        """What a stream tells; one that breaks is taken up where it stopped."""
        failures = Failures(self._retry)
        while not stream.complete:
            try:
                with self._line.opened(method, stream.request()) as messages:
                    async for message in messages:
                        failures.forget()
                        if (item := stream.take(message)) is not None:
                            yield item
            except PolycueClientError as error:
                await self._line.pause(failures.delay_s(error))
            else:
                return

    async def _ask_long(
        self, method: "grpc.UnaryUnaryMultiCallable[Asked, Answer]", request: Asked
    ) -> Answer:
        """The answer to a call that takes long and changes nothing.

        Where its server is lost it is begun anew on another, or on the same that is back.
        """
        for left in reversed(range(CLIP_TRIES)):
            try:
                return await self._line.ask_long(method, request, self._clip_timeout_s)
            except ServerUnreachable as error:
                await self._find_another(error, left)
        raise AssertionError("the last try was left")

    async def _find_another(self, error: ServerUnreachable, tries_left: int) -> None:
        """Come back when a server answers, or raise the error where there are no tries left."""
        if not tries_left or self._line.interrupted:
            raise bare(error)
        await self._ask(self._catalog.GetServerInfo, catalog_pb2.GetServerInfoRequest())
