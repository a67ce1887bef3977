import asyncio
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest

from polycue.api.v1 import artifacts_pb2, jobs_pb2, media_pb2, uploads_pb2
from polycue.api.v1.artifacts_pb2_grpc import ArtifactServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.uploads_pb2_grpc import UploadServiceStub
from polycue.domain.errors import NotMedia
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from support.serving import Channel, Serve, happened, refused


def subtitle(media: media_pb2.MediaSource, **fields: Any) -> jobs_pb2.JobSpec:
    fields.setdefault("formats", [media_pb2.SUBTITLE_FORMAT_SRT])
    return jobs_pb2.JobSpec(subtitle=jobs_pb2.SubtitleTask(media=media, **fields))


CLIP = subtitle(media_pb2.MediaSource(content=b"a clip"))


async def create(channel: Channel, spec: jobs_pb2.JobSpec = CLIP, **fields: Any) -> jobs_pb2.Job:
    """A job of its own, even where an earlier one did the same."""
    request = jobs_pb2.CreateJobRequest(spec=spec, **{"fresh": True} | fields)
    return (await JobServiceStub(channel).CreateJob(request)).job


async def watch(channel: Channel, name: str, **fields: Any) -> list[jobs_pb2.WatchJobResponse]:
    request = jobs_pb2.WatchJobRequest(name=name, **fields)
    return [event async for event in JobServiceStub(channel).WatchJob(request)]


async def ended(channel: Channel, job: jobs_pb2.Job) -> jobs_pb2.Job:
    return (await watch(channel, job.name))[-1].job


def test_a_film_on_the_servers_disk_becomes_artifacts(serve: Serve, film: Path) -> None:
    async def scenario(channel: Channel) -> None:
        spec = subtitle(
            media_pb2.MediaSource(uri=film.as_uri()),
            translations=[media_pb2.TranslateConfig(target_language_code="ES")],
            formats=[media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_VTT],
            mux=[jobs_pb2.MuxConfig(container=jobs_pb2.MUX_CONTAINER_MP4)],
        )
        job = await create(channel, spec, labels={"film": "1"})
        assert (job.state, dict(job.labels)) == (jobs_pb2.JOB_STATE_QUEUED, {"film": "1"})
        assert not job.HasField("spec")
        job = await ended(channel, job)
        assert (job.state, job.language_code) == (jobs_pb2.JOB_STATE_SUCCEEDED, "en")
        assert job.spec == spec
        assert [artifact.filename for artifact in job.artifacts] == [
            "film.en.srt",
            "film.en.vtt",
            "film.es.srt",
            "film.es.vtt",
            "film.subtitled.mp4",
        ]
        assert job.expire_time.seconds - job.end_time.seconds == 7 * 24 * 3600
        assert all(stage.finished for stage in job.stages)
        await read_artifacts(channel, job)

    async def read_artifacts(channel: Channel, job: jobs_pb2.Job) -> None:
        stub = ArtifactServiceStub(channel)
        found = job.artifacts[2]
        name = found.name
        answer = await stub.GetArtifact(artifacts_pb2.GetArtifactRequest(name=name))
        assert answer.artifact == found
        assert (found.mime_type, found.language_code) == ("application/x-subrip", "es")
        request = artifacts_pb2.ReadArtifactRequest(name=name)
        pieces = [piece async for piece in stub.ReadArtifact(request)]
        assert b"".join(piece.data for piece in pieces) == b"ONE\nTWO\nTHREE"
        assert pieces[0].artifact == found
        request = artifacts_pb2.ReadArtifactRequest(name=name, read_offset=4, read_limit_bytes=3)
        assert [p.data async for p in stub.ReadArtifact(request)] == [b"TWO"]
        request = artifacts_pb2.ReadArtifactRequest(name=name, read_offset=13)
        at_the_end = [piece async for piece in stub.ReadArtifact(request)]
        assert [(piece.data, piece.offset) for piece in at_the_end] == [(b"", 13)]

    serve(scenario, file_root=(film.parent,))


def test_results_of_one_job_feed_the_next(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        first = await ended(channel, await create(channel))
        source = media_pb2.MediaSource(artifact=first.artifacts[0].name)
        task = jobs_pb2.TranslateTask(
            subtitle=source,
            language_code="en",
            translations=[media_pb2.TranslateConfig(target_language_code="de")],
            formats=[media_pb2.SUBTITLE_FORMAT_VTT],
        )
        second = await ended(channel, await create(channel, jobs_pb2.JobSpec(translate=task)))
        assert [artifact.filename for artifact in second.artifacts] == ["media.en.de.vtt"]
        mux = jobs_pb2.MuxTask(
            media=media_pb2.MediaSource(content=b"a film"),
            tracks=[jobs_pb2.MuxTrack(subtitle=source, language_code="en", forced=True)],
            config=jobs_pb2.MuxConfig(),
        )
        third = await ended(channel, await create(channel, jobs_pb2.JobSpec(mux=mux)))
        assert [artifact.mime_type for artifact in third.artifacts] == ["video/x-matroska"]

    serve(scenario)


def test_an_upload_feeds_a_job_and_names_its_results(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        uploads = UploadServiceStub(channel)
        created = await uploads.CreateUpload(
            uploads_pb2.CreateUploadRequest(size_bytes=4, filename="Ein Film.mkv")
        )
        name = created.upload.name
        write = uploads_pb2.WriteUploadRequest(name=name, data=b"film", finish=True)
        await uploads.WriteUpload(iter([write]))
        job = await ended(
            channel, await create(channel, subtitle(media_pb2.MediaSource(upload=name)))
        )
        assert [artifact.filename for artifact in job.artifacts] == ["Ein Film.en.srt"]

    serve(scenario)


def test_inline_media_leave_the_spec_and_live_as_an_upload(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel))
        assert job.spec.subtitle.media.upload.startswith("uploads/")
        assert CLIP.subtitle.media.content == b"a clip"

    serve(scenario)


def test_fields_nobody_knows_are_not_kept(serve: Serve) -> None:
    # A later contract's, or somebody's filling: 4 MB of it for each of a thousand jobs is much.
    unknown = b"\xfa\x7f\x04test"  # field 2047, four bytes
    inner = CLIP.subtitle.SerializeToString() + unknown
    spec = jobs_pb2.JobSpec.FromString(b"\x0a" + bytes([len(inner)]) + inner + unknown)
    assert spec.SerializeToString().count(b"test") == 2

    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel, spec))
        assert job.state == jobs_pb2.JOB_STATE_SUCCEEDED
        assert b"test" not in job.spec.SerializeToString()

    serve(scenario)


def test_a_watch_tells_cues_and_can_be_taken_up(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        job = await create(channel)
        await happened(gate.reached)
        request = jobs_pb2.WatchJobRequest(name=job.name, include_cues=True)
        broken = JobServiceStub(channel).WatchJob(request)
        seen = []
        async for event in broken:
            seen.append(event)
            if event.WhichOneof("event") == "cues":
                break
        broken.cancel()
        assert seen[0].job.state == jobs_pb2.JOB_STATE_RUNNING
        assert [cue.text for cue in seen[-1].cues.cues] == ["one"]
        gate.open()
        rest = await watch(channel, job.name, after_sequence=seen[-1].sequence, include_cues=True)
        cues = [cue for event in rest for cue in event.cues.cues]
        assert [(cue.index, cue.text) for cue in cues] == [(2, "two"), (3, "three")]
        assert (
            rest[-1].job.state == jobs_pb2.JOB_STATE_SUCCEEDED
        )  # the broken watch cancelled nothing
        numbers = [event.sequence for event in rest]
        assert numbers == sorted(numbers)
        assert numbers[0] > seen[-1].sequence

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_a_silent_job_sends_heartbeats(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        job = await create(channel)
        await happened(gate.reached)
        beats = 0
        watching = JobServiceStub(channel).WatchJob(jobs_pb2.WatchJobRequest(name=job.name))
        async for event in watching:
            beats += event.HasField("heartbeat")
            if beats == 2:
                gate.open()
        assert beats >= 2

    serve(scenario, pipeline=FakePipeline(gate=gate), heartbeat_s=0.01)


def test_a_cancelled_job_stops_and_is_still_there(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)
        job = await create(channel)
        await happened(gate.reached)
        asked = await stub.CancelJob(jobs_pb2.CancelJobRequest(name=job.name))
        assert asked.job.state == jobs_pb2.JOB_STATE_CANCELLING
        job = await ended(channel, job)
        assert job.state == jobs_pb2.JOB_STATE_CANCELLED
        assert gate.left.is_set()
        again = await stub.CancelJob(jobs_pb2.CancelJobRequest(name=job.name))
        assert again.job.state == jobs_pb2.JOB_STATE_CANCELLED

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_a_failed_job_says_why_in_the_words_of_the_errors(serve: Serve) -> None:
    from polycue.domain.errors import NoAudioStream

    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel))
        assert job.state == jobs_pb2.JOB_STATE_FAILED
        assert job.failure.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
        assert job.failure.reason == "NO_AUDIO_STREAM"
        assert job.failure.message == (
            "film.mkv: has no audio stream, so there is nothing to transcribe"
        )

    silent = FakePipeline(raises=lambda: NoAudioStream(Path("/srv/secret/film.mkv")))
    serve(scenario, pipeline=silent)


def test_a_job_that_failed_for_an_unknown_reason_says_nothing_of_it(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel))
        assert (job.failure.code, job.failure.reason) == (13, "INTERNAL")
        assert "secret" not in str(job)
        assert (await ended(channel, await create(channel))).state == jobs_pb2.JOB_STATE_SUCCEEDED

    errors = iter([RuntimeError("/secret/token")])
    pipeline = FakePipeline()
    run = pipeline.run

    def fail_once(*args: Any, **kwargs: Any) -> Any:
        for error in errors:
            raise error
        return run(*args, **kwargs)

    pipeline.run = fail_once  # type: ignore[method-assign]
    serve(scenario, pipeline=pipeline)


def test_the_same_request_twice_makes_one_job(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        request_id = str(uuid.uuid4())
        made = await asyncio.gather(*(create(channel, request_id=request_id) for _ in range(50)))
        assert len({job.name for job in made}) == 1
        error = await refused(create(channel, request_id=request_id, labels={"other": "1"}))
        assert (error.status, error.reason) == ("FAILED_PRECONDITION", "REQUEST_ID_REUSED")
        listed = await JobServiceStub(channel).ListJobs(jobs_pb2.ListJobsRequest())
        assert len(listed.jobs) == 1

    serve(scenario)


def test_validating_queues_nothing(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        job = await create(channel, validate_only=True, labels={"a": "b"})
        assert (job.name, dict(job.labels)) == ("", {"a": "b"})
        bad = subtitle(media_pb2.MediaSource(content=b"x"), formats=[])
        assert (await refused(create(channel, bad, validate_only=True))).reason == "INVALID_FIELD"
        assert not (await JobServiceStub(channel).ListJobs(jobs_pb2.ListJobsRequest())).jobs

    serve(scenario)


def test_jobs_are_listed_newest_first_in_pages(serve: Serve) -> None:
    async def pages(channel: Channel, **fields: Any) -> list[str]:
        names, token = [], ""
        while True:
            answer = await JobServiceStub(channel).ListJobs(
                jobs_pb2.ListJobsRequest(page_size=2, page_token=token, **fields)
            )
            names += [job.name for job in answer.jobs]
            assert len(answer.jobs) <= 2
            token = answer.next_page_token
            if not token:
                return names

    async def scenario(channel: Channel) -> None:
        made = [
            await create(channel, labels={"parity": str(n % 2)}, request_id="") for n in range(5)
        ]
        for job in made:
            await ended(channel, job)
        names = [job.name for job in reversed(made)]
        assert await pages(channel) == names
        assert await pages(channel, labels={"parity": "1"}) == names[1::2]
        assert await pages(channel, states=[jobs_pb2.JOB_STATE_SUCCEEDED]) == names
        assert await pages(channel, states=[jobs_pb2.JOB_STATE_QUEUED]) == []
        stub = JobServiceStub(channel)
        first = await stub.ListJobs(jobs_pb2.ListJobsRequest(page_size=1))
        assert not first.jobs[0].HasField("spec")
        for request in (
            jobs_pb2.ListJobsRequest(page_token=first.next_page_token, labels={"parity": "1"}),
            jobs_pb2.ListJobsRequest(page_token="nonsense"),  # noqa: S106
            jobs_pb2.ListJobsRequest(page_size=-1),
            jobs_pb2.ListJobsRequest(states=[99]),  # type: ignore[list-item]
            jobs_pb2.ListJobsRequest(labels={"NO": "x"}),
        ):
            error = await refused(stub.ListJobs(request))
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")

    serve(scenario)


def test_a_job_is_deleted_with_its_results_once_it_has_ended(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)
        job = await create(channel)
        await happened(gate.reached)
        delete = jobs_pb2.DeleteJobRequest(name=job.name)
        gate.open()
        job = await ended(channel, job)
        await stub.DeleteJob(delete)
        get = artifacts_pb2.GetArtifactRequest(name=job.artifacts[0].name)
        assert (
            await refused(ArtifactServiceStub(channel).GetArtifact(get))
        ).reason == "JOB_NOT_FOUND"
        assert (await refused(stub.DeleteJob(delete))).reason == "JOB_NOT_FOUND"
        delete.allow_missing = True
        await stub.DeleteJob(delete)

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_a_full_queue_says_when_to_come_back(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        await create(channel)
        await happened(gate.reached)
        await create(channel)
        error = await refused(create(channel))
        assert (error.status, error.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert error.retry_after_s is not None
        assert error.retry_after_s > 0
        assert error.metadata["waiting"] == "1"
        gate.open()

    serve(scenario, pipeline=FakePipeline(gate=gate), max_running_jobs=1, max_queued_jobs=1)


def test_after_a_restart_jobs_are_listed_and_unended_ones_go_on(serve: Serve) -> None:
    gate, names = Gate(), list[str]()

    async def before(channel: Channel) -> None:
        names.append((await ended(channel, await create(channel))).name)
        pipeline.gate = gate
        names.append((await create(channel)).name)
        await happened(gate.reached)
        names.append((await create(channel)).name)

    pipeline = FakePipeline()
    serve(before, pipeline=pipeline, max_running_jobs=1)

    async def after(channel: Channel) -> None:
        for name in names:
            assert (await watch(channel, name))[-1].job.state == jobs_pb2.JOB_STATE_SUCCEEDED
        answer = await JobServiceStub(channel).ListJobs(jobs_pb2.ListJobsRequest())
        assert [job.name for job in answer.jobs] == names[::-1]
        assert [job.attempt for job in answer.jobs] == [1, 2, 1]
        done = answer.jobs[2]
        request = artifacts_pb2.ReadArtifactRequest(name=done.artifacts[0].name)
        pieces = [piece async for piece in ArtifactServiceStub(channel).ReadArtifact(request)]
        assert b"".join(piece.data for piece in pieces) == b"one\ntwo\nthree"

    serve(after)


def test_a_running_job_can_be_deleted(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)
        job = await create(channel)
        await happened(gate.reached)
        watching = asyncio.create_task(watch(channel, job.name))
        await stub.DeleteJob(jobs_pb2.DeleteJobRequest(name=job.name))
        await happened(gate.left)
        error = await refused(watching)
        assert (error.status, error.reason) == ("NOT_FOUND", "JOB_NOT_FOUND")
        assert not (await stub.ListJobs(jobs_pb2.ListJobsRequest())).jobs

    serve(scenario, pipeline=FakePipeline(gate=gate))


def test_a_failed_job_is_resumed_and_heard_no_chunk_twice(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)
        job = await ended(channel, await create(channel))
        assert (job.state, job.failure.resumable) == (jobs_pb2.JOB_STATE_FAILED, True)
        pipeline.raises = None
        request = jobs_pb2.ResumeJobRequest(name=job.name, request_id=str(uuid.uuid4()))
        answers = await asyncio.gather(*(stub.ResumeJob(request) for _ in range(10)))
        assert all(not answer.job.HasField("failure") for answer in answers)
        job = await ended(channel, job)
        assert (job.state, job.attempt) == (jobs_pb2.JOB_STATE_SUCCEEDED, 2)
        assert pipeline.heard == ["one", "two", "three"]
        assert (await stub.ResumeJob(request)).job.state == jobs_pb2.JOB_STATE_SUCCEEDED
        request.request_id = str(uuid.uuid4())
        error = await refused(stub.ResumeJob(request))
        assert (error.status, error.reason) == ("FAILED_PRECONDITION", "JOB_NOT_RESUMABLE")

    pipeline = FakePipeline(raises=lambda: RuntimeError("a bug"))
    serve(scenario, pipeline=pipeline)


def test_what_is_wrong_with_the_input_is_not_worth_resuming(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel))
        assert (job.failure.reason, job.failure.resumable) == ("NOT_MEDIA", False)

    serve(scenario, pipeline=FakePipeline(raises=lambda: NotMedia(Path("film.mkv"))))


async def upload(channel: Channel, data: bytes, filename: str) -> media_pb2.MediaSource:
    uploads = UploadServiceStub(channel)
    made = await uploads.CreateUpload(
        uploads_pb2.CreateUploadRequest(size_bytes=len(data), filename=filename)
    )
    write = uploads_pb2.WriteUploadRequest(name=made.upload.name, data=data, finish=True)
    await uploads.WriteUpload(iter([write]))
    return media_pb2.MediaSource(upload=made.upload.name)


def test_the_same_work_on_the_same_bytes_is_done_once(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = JobServiceStub(channel)

        async def again(spec: jobs_pb2.JobSpec, **fields: Any) -> jobs_pb2.CreateJobResponse:
            answer = await stub.CreateJob(jobs_pb2.CreateJobRequest(spec=spec, **fields))
            await ended(channel, answer.job)
            return answer

        first = await again(subtitle(await upload(channel, b"film", "a.mkv")))
        assert not first.repeated_result
        same = subtitle(await upload(channel, b"film", "a.mkv"))
        second = await again(same, labels={"other": "1"}, request_id=str(uuid.uuid4()))
        assert second.repeated_result
        assert second.job.name == first.job.name
        assert [artifact.filename for artifact in second.job.artifacts] == ["a.en.srt"]
        for other in (
            subtitle(await upload(channel, b"flim", "a.mkv")),
            subtitle(await upload(channel, b"film", "b.mkv")),
            subtitle(same.subtitle.media, formats=[media_pb2.SUBTITLE_FORMAT_VTT]),
        ):
            assert not (await again(other)).repeated_result
        assert not (await again(same, fresh=True)).repeated_result
        await stub.DeleteJob(jobs_pb2.DeleteJobRequest(name=first.job.name))
        assert (await again(same)).repeated_result  # by the fresh one
        assert len(pipeline.tasks) == 5

    pipeline = FakePipeline()
    serve(scenario, pipeline=pipeline)


def test_nobody_knows_whether_a_file_on_the_servers_disk_is_the_same(
    serve: Serve, film: Path
) -> None:
    async def scenario(channel: Channel) -> None:
        spec = subtitle(media_pb2.MediaSource(uri=film.as_uri()))
        for _ in range(2):
            assert (await ended(channel, await create(channel, spec, fresh=False))).attempt == 1
        assert len(pipeline.tasks) == 2

    pipeline = FakePipeline()
    serve(scenario, pipeline=pipeline, file_root=(film.parent,))


BAD_SPECS: list[tuple[jobs_pb2.JobSpec, str, str]] = [
    (jobs_pb2.JobSpec(), "spec", "INVALID_FIELD"),
    (subtitle(media_pb2.MediaSource()), "spec.subtitle.media", "INVALID_FIELD"),
    (subtitle(media_pb2.MediaSource(content=b"")), "spec.subtitle.media.content", "INVALID_FIELD"),
    (
        subtitle(media_pb2.MediaSource(content=b"x" * (3 * 1024 * 1024 + 1))),
        "spec.subtitle.media.content",
        "LIMIT_EXCEEDED",
    ),
    (subtitle(media_pb2.MediaSource(upload="up")), "spec.subtitle.media.upload", "INVALID_FIELD"),
    (
        subtitle(media_pb2.MediaSource(artifact="jobs/../../x")),
        "spec.subtitle.media.artifact",
        "INVALID_FIELD",
    ),
    (
        subtitle(media_pb2.MediaSource(uri="http://a/b")),
        "spec.subtitle.media.uri",
        "SOURCE_REFUSED",
    ),
    (
        subtitle(
            media_pb2.MediaSource(content=b"x"),
            translations=[
                media_pb2.TranslateConfig(target_language_code="es"),
                media_pb2.TranslateConfig(target_language_code="no language"),
            ],
        ),
        "spec.subtitle.translations[1].target_language_code",
        "UNKNOWN_LANGUAGE",
    ),
    (
        subtitle(
            media_pb2.MediaSource(content=b"x"), transcribe=media_pb2.TranscribeConfig(beam_size=99)
        ),
        "spec.subtitle.transcribe.beam_size",
        "INVALID_FIELD",
    ),
    (
        subtitle(
            media_pb2.MediaSource(content=b"x"), layout=media_pb2.LayoutConfig(max_line_chars=0)
        ),
        "spec.subtitle.layout.max_line_chars",
        "INVALID_FIELD",
    ),
    (
        subtitle(media_pb2.MediaSource(content=b"x"), formats=[]),
        "spec.subtitle.formats",
        "INVALID_FIELD",
    ),
    (
        jobs_pb2.JobSpec(mux=jobs_pb2.MuxTask(media=media_pb2.MediaSource(content=b"x"))),
        "spec.mux.tracks",
        "INVALID_FIELD",
    ),
]


@pytest.mark.parametrize(("spec", "field", "reason"), BAD_SPECS, ids=lambda v: str(v)[:40])
def test_a_bad_field_is_named_and_the_server_serves_on(
    serve: Serve, spec: jobs_pb2.JobSpec, field: str, reason: str
) -> None:
    async def scenario(channel: Channel) -> None:
        error = await refused(create(channel, spec))
        assert (error.status, error.reason) == ("INVALID_ARGUMENT", reason)
        assert [violation.field for violation in error.violations] == [field]
        assert error.metadata["field"] == field
        assert (await create(channel, CLIP)).name

    serve(scenario)


NOWHERE = "0" * 32


def test_what_is_not_there_is_not_found(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        jobs, artifacts = JobServiceStub(channel), ArtifactServiceStub(channel)
        name = f"jobs/{NOWHERE}"
        job = await ended(channel, await create(channel))
        for call, reason in (
            (jobs.GetJob(jobs_pb2.GetJobRequest(name=name)), "JOB_NOT_FOUND"),
            (jobs.CancelJob(jobs_pb2.CancelJobRequest(name=name)), "JOB_NOT_FOUND"),
            (jobs.DeleteJob(jobs_pb2.DeleteJobRequest(name=name)), "JOB_NOT_FOUND"),
            (watch(channel, name), "JOB_NOT_FOUND"),
            (
                artifacts.GetArtifact(
                    artifacts_pb2.GetArtifactRequest(name=f"{job.name}/artifacts/x.srt")
                ),
                "ARTIFACT_NOT_FOUND",
            ),
            (
                create(channel, subtitle(media_pb2.MediaSource(upload=f"uploads/{NOWHERE}"))),
                "UPLOAD_NOT_FOUND",
            ),
            (
                create(
                    channel,
                    subtitle(media_pb2.MediaSource(artifact=f"{job.name}/artifacts/x.srt")),
                ),
                "ARTIFACT_NOT_FOUND",
            ),
        ):
            error = await refused(call)
            assert (error.status, error.reason) == ("NOT_FOUND", reason)

    serve(scenario)


def test_what_is_not_installed_is_told_with_the_command_that_gets_it(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        media = media_pb2.MediaSource(content=b"x")
        model = subtitle(media, transcribe=media_pb2.TranscribeConfig(model="models/large-v3"))
        error = await refused(create(channel, model))
        assert (error.status, error.reason) == ("FAILED_PRECONDITION", "MODEL_MISSING")
        assert error.metadata["command"] == "polycue models pull large-v3"
        pair = subtitle(media, translations=[media_pb2.TranslateConfig(target_language_code="fr")])
        error = await refused(create(channel, pair))
        assert (error.status, error.reason) == ("FAILED_PRECONDITION", "PAIR_NOT_INSTALLED")
        assert error.metadata["command"] == "polycue models pull en:fr"

    serve(scenario)


def test_a_refused_job_leaves_no_inline_media_behind(serve: Serve, tmp_path: Path) -> None:
    gate = Gate()

    async def scenario(channel: Channel) -> None:
        await create(channel)
        await happened(gate.reached)
        await create(channel)
        stored = len(list((tmp_path / "data" / "uploads").iterdir()))
        for _ in range(3):
            assert (await refused(create(channel))).reason == "QUEUE_FULL"
        assert len(list((tmp_path / "data" / "uploads").iterdir())) == stored
        gate.open()

    serve(scenario, pipeline=FakePipeline(gate=gate), max_running_jobs=1, max_queued_jobs=1)


def test_reading_behind_the_end_is_out_of_range(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        job = await ended(channel, await create(channel))
        stub = ArtifactServiceStub(channel)

        async def read(offset: int) -> None:
            request = artifacts_pb2.ReadArtifactRequest(
                name=job.artifacts[0].name, read_offset=offset
            )
            async for _ in stub.ReadArtifact(request):
                pass

        error = await refused(read(10_000))
        assert (error.status, error.reason) == ("OUT_OF_RANGE", "READ_PAST_END")
        assert (await refused(read(-1))).reason == "INVALID_FIELD"

    serve(scenario)


def test_a_request_that_comes_often_at_once_leaves_its_media_once(
    serve: Serve, tmp_path: Path
) -> None:
    async def scenario(channel: Channel) -> None:
        request_id = str(uuid.uuid4())
        made = await asyncio.gather(*(create(channel, request_id=request_id) for _ in range(20)))
        assert len({job.name for job in made}) == 1
        assert len(list((tmp_path / "data" / "uploads").iterdir())) == 1

    serve(scenario)
