"""What belongs to one tenant is for all others as if it had never been."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2, transcription_pb2, uploads_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue_client.errors import PolycueClientError
from support.callers import METHODS, TokensFile, bearer
from support.serving import Channel, Serve, refused

SRT = media_pb2.SUBTITLE_FORMAT_SRT
ENGLISH_JSON = media_pb2.SUBTITLE_FORMAT_JSON
CONTENT = b"a clip"
Source = media_pb2.MediaSource


class Theirs:
    """What the tenant ``news`` has on the server: a job that ended, its results, an upload."""

    def __init__(self, channel: Channel, token: str) -> None:
        self._channel, self._metadata = channel, bearer(token)
        self.names: dict[str, str] = {}

    async def made(self) -> "Theirs":
        jobs, uploads = JobServiceStub(self._channel), UploadServiceStub(self._channel)
        upload = (
            await uploads.CreateUpload(
                uploads_pb2.CreateUploadRequest(size_bytes=len(CONTENT)), metadata=self._metadata
            )
        ).upload
        written = uploads_pb2.WriteUploadRequest(name=upload.name, data=CONTENT, finish=True)
        await uploads.WriteUpload(iter([written]), metadata=self._metadata)
        job = (await jobs.CreateJob(request_of(SPEC), metadata=self._metadata)).job
        watch = jobs_pb2.WatchJobRequest(name=job.name)
        seen = [event async for event in jobs.WatchJob(watch, metadata=self._metadata)]
        self.names = {
            "jobs": job.name,
            "uploads": upload.name,
            "artifacts": seen[-1].job.artifacts[0].name,
        }
        return self

    def unknown(self, kind: str) -> str:
        """A name of the same form that was never given."""
        nobody = "0" * 32
        if kind == "artifacts":
            return f"jobs/{nobody}/artifacts/{self.names[kind].rpartition('/')[2]}"
        return f"{kind}/{nobody}"


def request_of(spec: jobs_pb2.JobSpec, **more: Any) -> jobs_pb2.CreateJobRequest:
    return jobs_pb2.CreateJobRequest(spec=spec, **more)


SPEC = jobs_pb2.JobSpec(
    subtitle=jobs_pb2.SubtitleTask(media=Source(content=CONTENT), formats=[SRT, ENGLISH_JSON])
)


def source_of(kind: str, name: str) -> Source:
    return Source(upload=name) if kind == "uploads" else Source(artifact=name)


def specs_with(source: Source) -> Iterator[jobs_pb2.JobSpec]:
    """A spec for each place in which a source can stand."""
    mine = Source(content=CONTENT)
    spanish = [media_pb2.TranslateConfig(target_language_code="es")]
    yield jobs_pb2.JobSpec(subtitle=jobs_pb2.SubtitleTask(media=source, formats=[SRT]))
    yield jobs_pb2.JobSpec(subtitle=jobs_pb2.SubtitleTask(transcript=source, formats=[SRT]))
    yield jobs_pb2.JobSpec(
        translate=jobs_pb2.TranslateTask(
            subtitle=source, language_code="en", translations=spanish, formats=[SRT]
        )
    )
    for media, text, transcript in (
        (source, mine, None),
        (mine, source, None),
        (None, mine, source),
    ):
        yield jobs_pb2.JobSpec(
            sync=jobs_pb2.SyncTask(media=media, subtitle=text, transcript=transcript, formats=[SRT])
        )
    for media, text in ((source, mine), (mine, source)):
        track = jobs_pb2.MuxTrack(subtitle=text, language_code="en")
        config = jobs_pb2.MuxConfig(container=jobs_pb2.MUX_CONTAINER_MKV)
        yield jobs_pb2.JobSpec(mux=jobs_pb2.MuxTask(media=media, tracks=[track], config=config))


def told(error: PolycueClientError, name: str) -> tuple[object, ...]:
    """All that a caller learns, but for the id it sent itself."""
    own_id = name.split("/")[1]
    metadata = {key: value.replace(own_id, "ID") for key, value in error.metadata.items()}
    message = error.message.replace(own_id, "ID")
    return error.status, error.reason, message, metadata, error.violations, error.retry_after_s


@pytest.fixture
def tokens(tmp_path: Path) -> TokensFile:
    return TokensFile(tmp_path / "tokens.toml")


@pytest.fixture
def as_another(serve: Serve, tokens: TokensFile) -> Callable[..., None]:
    """Runs a scenario with what is the tenant ``news``'s and the metadata of ``films``'s calls."""
    news, films = tokens.add("news"), tokens.add("films")

    def run(scenario: Any) -> None:
        async def with_theirs(channel: Channel) -> None:
            theirs = await Theirs(channel, news).made()
            await scenario(channel, theirs, bearer(films))
            again = await Theirs(channel, news).made()  # nothing of theirs was touched
            assert again.names.keys() == theirs.names.keys()
            stub = JobServiceStub(channel)
            request = jobs_pb2.GetJobRequest(name=theirs.names["jobs"])
            kept = (await stub.GetJob(request, metadata=bearer(news))).job
            assert kept.state == jobs_pb2.JOB_STATE_SUCCEEDED

        serve(with_theirs, tokens_file=tokens.path)

    return run


def test_another_tenants_names_are_unknown_to_every_call(as_another: Callable[..., None]) -> None:
    named = [method for method in METHODS if "name" in method.request.DESCRIPTOR.fields_by_name]
    kinds = {"Job": "jobs", "Upload": "uploads", "Artifact": "artifacts"}
    assert len(named) >= 10

    async def scenario(channel: Channel, theirs: Theirs, metadata: Any) -> None:
        for method in named:
            kind = next(kinds[word] for word in kinds if f".{word}Service/" in method.path)
            answers = []
            for name in (theirs.names[kind], theirs.unknown(kind)):
                message = method.request(name=name).SerializeToString()
                error = await refused(method.call(channel, message, metadata=metadata))
                answers.append(told(error, name))
            assert answers[0] == answers[1], method
            assert answers[0][0] == "NOT_FOUND", method

    as_another(scenario)


def test_another_tenants_files_are_no_sources_of_a_job_or_a_clip(
    as_another: Callable[..., None],
) -> None:
    async def scenario(channel: Channel, theirs: Theirs, metadata: Any) -> None:
        jobs, clips = JobServiceStub(channel), TranscriptionServiceStub(channel)

        async def stream(source: Source) -> None:
            request = transcription_pb2.StreamTranscribeRequest(media=source)
            async for _ in clips.StreamTranscribe(request, metadata=metadata):
                pass

        def calls(source: Source) -> Iterator[Any]:
            for spec in specs_with(source):
                for validate_only in (False, True):
                    request = request_of(spec, validate_only=validate_only)
                    yield jobs.CreateJob(request, metadata=metadata)
            yield clips.Transcribe(
                transcription_pb2.TranscribeRequest(media=source), metadata=metadata
            )
            yield stream(source)

        for kind in ("uploads", "artifacts"):
            names = theirs.names[kind], theirs.unknown(kind)
            pairs = zip(*(calls(source_of(kind, name)) for name in names), strict=True)
            for pair in pairs:
                found = [
                    told(await refused(call), name) for call, name in zip(pair, names, strict=True)
                ]
                assert found[0] == found[1]
                assert found[0][0] == "NOT_FOUND"
        assert not (await jobs.ListJobs(jobs_pb2.ListJobsRequest(), metadata=metadata)).jobs

    as_another(scenario)


def test_the_same_work_and_the_same_request_id_find_nothing_of_anothers(
    as_another: Callable[..., None], tokens: TokensFile
) -> None:
    third, request_id = tokens.add("sports"), str(uuid.uuid4())

    async def scenario(channel: Channel, theirs: Theirs, metadata: Any) -> None:
        jobs = JobServiceStub(channel)
        same = await jobs.CreateJob(request_of(SPEC, request_id=request_id), metadata=metadata)
        assert same.job.name != theirs.names["jobs"]
        assert not same.repeated_result
        other = jobs_pb2.JobSpec(
            subtitle=jobs_pb2.SubtitleTask(media=Source(content=b"x"), formats=[SRT])
        )
        made = await jobs.CreateJob(
            request_of(other, request_id=request_id), metadata=bearer(third)
        )
        assert made.job.name != same.job.name
        for whose, job in ((metadata, same.job), (bearer(third), made.job)):
            page = await jobs.ListJobs(jobs_pb2.ListJobsRequest(page_size=1), metadata=whose)
            assert [each.name for each in page.jobs] == [job.name]
            assert not page.next_page_token

    as_another(scenario)


def test_a_page_token_of_anothers_is_refused_and_ones_own_leads_to_ones_own(
    as_another: Callable[..., None], tokens: TokensFile
) -> None:
    third = tokens.add("sports")

    async def scenario(channel: Channel, theirs: Theirs, metadata: Any) -> None:
        jobs, mine = JobServiceStub(channel), []
        for whose in (metadata, bearer(third)):
            for _ in range(2):
                made = await jobs.CreateJob(request_of(SPEC, fresh=True), metadata=whose)
                mine.append(made.job.name)
        request = jobs_pb2.ListJobsRequest(page_size=1)
        own, others = [
            (await jobs.ListJobs(request, metadata=whose)).next_page_token
            for whose in (metadata, bearer(third))
        ]
        request.page_token = own
        page = await jobs.ListJobs(request, metadata=metadata)
        assert [job.name for job in page.jobs] == [mine[0]]
        request.page_token = others
        error = await refused(jobs.ListJobs(request, metadata=metadata))
        assert (error.status, error.metadata["field"]) == ("INVALID_ARGUMENT", "page_token")

    as_another(scenario)
