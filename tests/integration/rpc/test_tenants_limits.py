"""What one tenant may use while others use the server too."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2, uploads_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from support.callers import TokensFile, bearer
from support.serving import Channel, Serve, refused

CLIP = jobs_pb2.JobSpec(
    subtitle=jobs_pb2.SubtitleTask(
        media=media_pb2.MediaSource(content=b"a clip"), formats=[media_pb2.SUBTITLE_FORMAT_SRT]
    )
)


@pytest.fixture
def tokens(tmp_path: Path) -> TokensFile:
    return TokensFile(tmp_path / "tokens.toml")


def create_job(channel: Channel, token: str) -> Awaitable[jobs_pb2.CreateJobResponse]:
    request = jobs_pb2.CreateJobRequest(spec=CLIP, fresh=True)
    return JobServiceStub(channel).CreateJob(request, metadata=bearer(token))


def create_upload(
    channel: Channel, token: str, size_bytes: int
) -> Awaitable[uploads_pb2.CreateUploadResponse]:
    request = uploads_pb2.CreateUploadRequest(size_bytes=size_bytes)
    return UploadServiceStub(channel).CreateUpload(request, metadata=bearer(token))


def test_jobs_and_bytes_of_a_tenant_are_bounded_and_no_others(
    serve: Serve, tokens: TokensFile
) -> None:
    films, news = tokens.add("films"), tokens.add("news")
    tokens.write("[tenants.films]\nmax_jobs = 2\nmax_stored_bytes = 100_000\n")
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        for _ in range(2):
            await create_job(channel, films)
        error = await refused(create_job(channel, films))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "JOBS_QUOTA")
        assert error.metadata == {"used": "2", "limit": "2", "unit": "jobs"}
        assert error.retry_after_s == 30
        await create_job(channel, news)
        error = await refused(create_upload(channel, films, 100_001))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "STORAGE_QUOTA")
        await create_upload(channel, news, 100_001)
        gate.open()

    serve(scenario, pipeline=FakePipeline(gate=gate), tokens_file=tokens.path)


def test_media_of_a_tenant_are_bounded_by_the_day(serve: Serve, tokens: TokensFile) -> None:
    films, news = tokens.add("films"), tokens.add("news")
    tokens.write("[tenants.films]\nmax_day_media_s = 3\n")

    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)
        job = (await create_job(channel, films)).job  # of three seconds
        watch = jobs_pb2.WatchJobRequest(name=job.name)
        async for _ in stub.WatchJob(watch, metadata=bearer(films)):
            pass
        error = await refused(create_job(channel, films))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "MEDIA_QUOTA")
        assert error.retry_after_s is not None
        await stub.DeleteJob(jobs_pb2.DeleteJobRequest(name=job.name), metadata=bearer(films))
        assert (await refused(create_job(channel, films))).reason == "MEDIA_QUOTA"
        await create_job(channel, news)

    serve(scenario, tokens_file=tokens.path)


def test_two_tenants_get_the_same_however_much_more_often_one_asks(
    serve: Serve, tokens: TokensFile
) -> None:
    callers = {tokens.add("many"): 4, tokens.add("few"): 2}
    served = Counter[str]()
    request = transcription_pb2.TranscribeRequest(media=media_pb2.MediaSource(content=b"a clip"))

    async def scenario(channel: Channel) -> None:
        stub = TranscriptionServiceStub(channel)

        async def client(token: str) -> None:
            while served.total() < 80:
                await stub.Transcribe(request, metadata=bearer(token))
                served[token] += served.total() < 80

        await asyncio.gather(*(client(token) for token, n in callers.items() for _ in range(n)))
        most, least = max(served.values()), min(served.values())
        assert most - least <= 0.1 * served.total()

    # With one place the shares do not depend on whose calls happen to be quicker.
    serve(scenario, tokens_file=tokens.path, max_calls=1, call_wait_s=60)


def test_calls_of_a_tenant_at_once_are_bounded_by_kind(serve: Serve, tokens: TokensFile) -> None:
    films, news = tokens.add("films"), tokens.add("news")
    tokens.write("[tenants.films]\nmax_watches = 2\n")
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)

        def watching(job: jobs_pb2.Job, token: str) -> Any:
            watch = jobs_pb2.WatchJobRequest(name=job.name)
            return aiter(stub.WatchJob(watch, metadata=bearer(token)))

        mine, theirs = [(await create_job(channel, token)).job for token in (films, news)]
        held = [watching(mine, films) for _ in range(2)]
        for watch in held:
            await anext(watch)
        error = await refused(anext(watching(mine, films)))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_CALLS")
        assert error.metadata == {"limit": "2"}
        await anext(watching(theirs, news))
        await create_job(channel, films)  # other kinds of calls have their own places
        gate.open()
        async for _ in held[0]:
            pass
        await anext(watching(mine, films))

    serve(scenario, pipeline=FakePipeline(gate=gate), tokens_file=tokens.path)
