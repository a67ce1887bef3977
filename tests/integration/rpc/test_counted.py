"""Labels are few: nothing that callers choose gets into one, however many callers there are."""

import asyncio
from pathlib import Path

from polycue import metrics
from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2, uploads_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from support.callers import TokensFile, bearer
from support.serving import Channel, Serve, refused

CONTENT = b"a clip"


def series() -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """One for each metric and its labels; the buckets of a histogram are one."""
    return {
        (family.name, tuple(sorted(set(sample.labels.items()) - {("le", sample.labels.get("le"))})))
        for family in metrics.REGISTRY.collect()
        for sample in family.samples
    }


async def works(channel: Channel, tenant: str, token: str) -> list[str]:
    """A tenant uploads a film, has it subtitled and fetched, and is refused; what it named."""
    jobs, uploads, who = JobServiceStub(channel), UploadServiceStub(channel), bearer(token)
    film = f"film-of-{tenant}.mkv"
    creation = uploads_pb2.CreateUploadRequest(size_bytes=len(CONTENT), filename=film)
    upload = (await uploads.CreateUpload(creation, metadata=who)).upload
    written = uploads_pb2.WriteUploadRequest(name=upload.name, data=CONTENT, finish=True)
    await uploads.WriteUpload(iter([written]), metadata=who)
    spec = jobs_pb2.JobSpec(
        subtitle=jobs_pb2.SubtitleTask(
            media=media_pb2.MediaSource(upload=upload.name),
            formats=[media_pb2.SUBTITLE_FORMAT_SRT],
        )
    )
    request = jobs_pb2.CreateJobRequest(spec=spec, labels={f"label-{tenant}": tenant})
    job = (await jobs.CreateJob(request, metadata=who)).job
    watch = jobs_pb2.WatchJobRequest(name=job.name, include_cues=True)
    [event async for event in jobs.WatchJob(watch, metadata=who)]
    clip = transcription_pb2.TranscribeRequest(media=media_pb2.MediaSource(content=CONTENT))
    await TranscriptionServiceStub(channel).Transcribe(clip, metadata=who)
    await refused(jobs.GetJob(jobs_pb2.GetJobRequest(name=f"jobs/{tenant}"), metadata=who))
    return [tenant, film, upload.name, job.name, job.name.partition("/")[2], token]


def test_no_label_tells_whose_work_it_was_and_callers_bring_no_series_of_their_own(
    serve: Serve, tmp_path: Path
) -> None:
    tokens = TokensFile(tmp_path / "tokens.toml")
    callers = {name: tokens.add(name) for name in (f"tenant-{n}-zzyzx" for n in range(12))}

    async def scenario(channel: Channel) -> None:
        first, *others = callers.items()
        named = await works(channel, *first)
        before = series()
        for own in await asyncio.gather(*(works(channel, *one) for one in others)):
            named += own
        after = series()
        assert len(after - before) < len(others)  # a chore may have begun meanwhile
        values = {value for _, labels in after for _, value in labels}
        assert not [value for value in values if any(name in value for name in named)]

    serve(scenario, tokens_file=tokens.path)
