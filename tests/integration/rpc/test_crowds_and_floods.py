"""Clients that send too much, read too little, or are too many."""

import asyncio
import threading
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from polycue.api.v1 import catalog_pb2, subtitles_pb2
from polycue.api.v1 import transcription_pb2 as pb
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.media_pb2 import SUBTITLE_FORMAT_SRT, MediaSource
from polycue.api.v1.subtitles_pb2_grpc import SubtitleServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.domain.errors import Cancelled
from polycue.pipeline.result import TaskResult
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from support.serving import Channel, Serve, happened, refused

MIB = 1024 * 1024


async def info(channel: Channel, **how: Any) -> catalog_pb2.GetServerInfoResponse:
    return await CatalogServiceStub(channel).GetServerInfo(
        catalog_pb2.GetServerInfoRequest(), **how
    )


def test_a_client_that_reads_nothing_is_ended_and_holds_up_no_work(serve: Serve) -> None:
    class Noticing(FakePipeline):
        stopped = threading.Event()

        def subtitle(self, *args: Any, **kwargs: Any) -> TaskResult:
            try:
                return super().subtitle(*args, **kwargs)
            except Cancelled:
                self.stopped.set()
                raise

    async def scenario(channel: Channel) -> None:
        request = pb.StreamTranscribeRequest(media=MediaSource(content=b"a clip"))
        call: Any = TranscriptionServiceStub(channel).StreamTranscribe(request)
        assert (await call.read()).HasField("started")
        await happened(pipeline.stopped)
        await info(channel)

        async def read_on() -> None:
            while await call.read() is not grpc.aio.EOF:
                pass

        error = await refused(read_on())
        assert (error.status, error.reason) == ("ABORTED", "READER_STALLED")

    pipeline = Noticing([f"{n} {'x' * 60_000}" for n in range(400)])  # more than grpc holds
    serve(scenario, pipeline=pipeline, reader_idle_s=2.0)


def test_a_refusal_says_what_is_full_and_when_to_come_back(serve: Serve) -> None:
    gate = Gate()
    clip = pb.TranscribeRequest(media=MediaSource(content=b"a clip"))

    async def scenario(channel: Channel) -> None:
        stub = TranscriptionServiceStub(channel)
        first = asyncio.ensure_future(stub.Transcribe(clip))
        await happened(gate.reached)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Transcribe(clip)
        trailers = dict(caught.value.trailing_metadata())
        assert trailers["grpc-retry-pushback-ms"] == "5000"  # gRPC's clients wait by themselves
        rich = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        kinds = {detail.TypeName() for detail in rich.details}
        assert kinds == {f"google.rpc.{k}" for k in ("ErrorInfo", "QuotaFailure", "RetryInfo")}
        gate.open()
        await first

    serve(scenario, pipeline=FakePipeline(gate=gate), max_calls=1, call_wait_s=0)


def test_metadata_are_bounded(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await info(channel, metadata=(("authorization", "x" * MIB),))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await info(channel, metadata=(("x-note", "x" * 4000),))

    serve(scenario)


def test_a_message_is_bounded_also_where_it_came_compressed(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        text = " " * (20 * MIB)  # 20 KB when compressed
        document = subtitles_pb2.SubtitleDocument(format=SUBTITLE_FORMAT_SRT, text=text)
        request = subtitles_pb2.LintSubtitlesRequest(document=document)
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
            stub = SubtitleServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.LintSubtitles(request, compression=compression)
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await info(channel)

    serve(scenario)
