"""What one tenant may use while others use the server too."""

from collections.abc import Awaitable
from pathlib import Path

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2, uploads_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue.testing.pipeline import FakePipeline, Gate
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
    tokens.write("[tenants.films]\nmax_jobs = 2\nmax_stored_bytes = 1_000\n")
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        for _ in range(2):
            await create_job(channel, films)
        error = await refused(create_job(channel, films))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "JOBS_QUOTA")
        assert error.metadata == {"used": "2", "limit": "2", "unit": "jobs"}
        assert error.retry_after_s == 30
        await create_job(channel, news)
        error = await refused(create_upload(channel, films, 1_001))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "STORAGE_QUOTA")
        await create_upload(channel, news, 1_001)
        gate.open()

    serve(scenario, pipeline=FakePipeline(gate=gate), tokens_file=tokens.path)
