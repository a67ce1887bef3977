"""Films that lie elsewhere, and a server that keeps its own in a bucket."""

import hashlib
import threading
from pathlib import Path

from polycue.api.v1 import artifacts_pb2, jobs_pb2, media_pb2, uploads_pb2
from polycue.api.v1.artifacts_pb2_grpc import ArtifactServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue.jobs.job import new_id
from polycue.testing.pipeline import FakePipeline
from support.buckets import BUCKET
from support.serving import Channel, Serve, happened
from support.web import Request, says, sends, site

LOOPBACK = ("127.0.0.0/8",)
DATA = bytes(range(256)) * 8


async def create(channel: Channel, media: media_pb2.MediaSource) -> jobs_pb2.Job:
    task = jobs_pb2.SubtitleTask(media=media, formats=[media_pb2.SUBTITLE_FORMAT_SRT])
    request = jobs_pb2.CreateJobRequest(spec=jobs_pb2.JobSpec(subtitle=task), fresh=True)
    return (await JobServiceStub(channel).CreateJob(request)).job


async def ended(channel: Channel, job: jobs_pb2.Job) -> jobs_pb2.Job:
    request = jobs_pb2.WatchJobRequest(name=job.name)
    events = [event async for event in JobServiceStub(channel).WatchJob(request)]
    return events[-1].job


async def read(channel: Channel, artifact: artifacts_pb2.Artifact) -> bytes:
    request = artifacts_pb2.ReadArtifactRequest(name=artifact.name)
    return b"".join(
        [piece.data async for piece in ArtifactServiceStub(channel).ReadArtifact(request)]
    )


def test_a_film_is_fetched_from_a_host_that_is_allowed(serve: Serve) -> None:
    with site({"/a%20film.mkv?signed": sends(b"a film"), "/gone.mkv": says(404)}) as films:
        host = f"localhost:{films.server_address[1]}"

        async def scenario(channel: Channel) -> None:
            media = media_pb2.MediaSource(uri=f"http://{host}/a%20film.mkv?signed")
            job = await ended(channel, await create(channel, media))
            assert [artifact.filename for artifact in job.artifacts] == ["a film.en.srt"]
            media = media_pb2.MediaSource(uri=f"http://{host}/gone.mkv")
            job = await ended(channel, await create(channel, media))
            assert job.state == jobs_pb2.JOB_STATE_FAILED
            assert (job.failure.reason, job.failure.metadata["host"]) == (
                "SOURCE_UNUSABLE",
                "localhost",
            )

        networks = (*LOOPBACK, "::1/128")
        serve(scenario, source_host=(host,), source_network=networks, source_http=True)
        assert films.asked == [f"{host}/a%20film.mkv?signed", f"{host}/gone.mkv"]


def test_a_cancel_ends_the_fetching_of_a_film(serve: Serve) -> None:
    begun, over = threading.Event(), threading.Event()

    def stalls(request: Request) -> None:
        begun.set()
        over.wait()

    with site({"/a.mkv": stalls}) as films:
        host = f"127.0.0.1:{films.server_address[1]}"

        async def scenario(channel: Channel) -> None:
            job = await create(channel, media_pb2.MediaSource(uri=f"http://{host}/a.mkv"))
            await happened(begun)
            await JobServiceStub(channel).CancelJob(jobs_pb2.CancelJobRequest(name=job.name))
            assert (await ended(channel, job)).state == jobs_pb2.JOB_STATE_CANCELLED

        serve(scenario, source_host=(host,), source_network=LOOPBACK, source_http=True)
        over.set()


def test_everything_may_lie_in_a_bucket(serve: Serve, s3_endpoint: str, tmp_path: Path) -> None:
    where = f"s3://{BUCKET}/{new_id()}"
    begun: list[uploads_pb2.Upload] = []

    def chunk(start: int, end: int, *, finish: bool = False) -> uploads_pb2.WriteUploadRequest:
        return uploads_pb2.WriteUploadRequest(
            name=begun[0].name, write_offset=start, data=DATA[start:end], finish=finish
        )

    async def begin(channel: Channel) -> None:
        request = uploads_pb2.CreateUploadRequest(
            size_bytes=len(DATA), filename="film.mkv", sha256=hashlib.sha256(DATA).digest()
        )
        stub = UploadServiceStub(channel)
        begun.append((await stub.CreateUpload(request)).upload)
        await stub.WriteUpload(iter([chunk(0, 700)]))

    async def go_on(channel: Channel) -> None:
        stub = UploadServiceStub(channel)
        await stub.WriteUpload(iter([chunk(700, 2048, finish=True)]))
        job = await ended(
            channel, await create(channel, media_pb2.MediaSource(upload=begun[0].name))
        )
        (artifact,) = job.artifacts
        assert await read(channel, artifact) == b"one\ntwo\nthree"
        await stub.DeleteUpload(uploads_pb2.DeleteUploadRequest(name=begun[0].name))
        media = media_pb2.MediaSource(artifact=artifact.name)
        assert (await ended(channel, await create(channel, media))).artifacts

    serve(begin, files_url=where)
    serve(go_on, files_url=where, pipeline=FakePipeline())  # after a restart
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert left <= {"jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm", "lock", "calls", "work"}
