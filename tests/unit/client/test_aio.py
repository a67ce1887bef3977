"""The asyncio client keeps the promises of the synchronous one."""

import asyncio
import contextlib
import hashlib
import inspect
import os
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from pathlib import Path

import pytest

from polycue.api.v1 import artifacts_pb2, catalog_pb2, jobs_pb2, media_pb2, uploads_pb2
from polycue_client import Polycue, Retry, aio, connect, errors
from polycue_client.testing import Event, ScriptedServer

Scenario = Callable[[aio.AsyncPolycue], Coroutine[None, None, None]]
Run = Callable[[Scenario], None]


@pytest.fixture
def run(server: ScriptedServer, impatient: Retry) -> Run:
    async def connected(scenario: Scenario) -> None:
        async with aio.connect(server.address, retry=impatient, timeout_s=60.0) as client:
            await scenario(client)

    return lambda scenario: asyncio.run(connected(scenario))


def source() -> media_pb2.MediaSource:
    return media_pb2.MediaSource(uri="file:///film.mp4")


def ended(spec: jobs_pb2.JobSpec) -> list[Event]:
    return [
        Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_RUNNING)),
        Event(heartbeat=Event.Heartbeat()),
        Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_SUCCEEDED)),
    ]


def runs_until_cancelled(spec: jobs_pb2.JobSpec) -> list[Event]:
    states = (jobs_pb2.JOB_STATE_RUNNING, jobs_pb2.JOB_STATE_CANCELLED)
    return [Event(job=jobs_pb2.Job(state=state)) for state in states]


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(function).parameters)
            for name, function in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    # asyncio has its own way of ending what waits: cancelling the task
    assert methods(aio.AsyncPolycue) == {
        k: v for k, v in methods(Polycue).items() if k != "interrupt"
    }
    assert inspect.signature(aio.connect).parameters == inspect.signature(connect).parameters


def test_help_says_of_each_client_what_its_methods_hand_out() -> None:
    def hands_out(method: Callable[..., object]) -> object:
        return inspect.signature(method).return_annotation

    assert hands_out(Polycue.wait) == hands_out(aio.AsyncPolycue.wait) == jobs_pb2.Job
    assert hands_out(Polycue.watch) == Generator[Event]
    assert hands_out(aio.AsyncPolycue.watch) == AsyncGenerator[Event]
    assert inspect.getdoc(Polycue.watch) == inspect.getdoc(aio.AsyncPolycue.watch)


def test_lists_are_read_to_their_last_page(run: Run, server: ScriptedServer) -> None:
    server.models = [catalog_pb2.Model(name=f"models/{n}") for n in range(5)]

    async def scenario(client: aio.AsyncPolycue) -> None:
        assert len(await client.models()) == 5
        assert [preset.name for preset in await client.presets()] == ["netflix"]
        assert await client.pairs() == []
        made = [(await client.subtitle(source())).name for _ in range(3)]
        assert [job.name async for job in client.jobs()] == made[::-1]

    run(scenario)


def test_a_broken_upload_goes_on(run: Run, server: ScriptedServer, tmp_path: Path) -> None:
    server.limits.max_chunk_bytes = 1000
    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(4500))
    server.fail("WriteUpload", after=2)
    server.fail("WriteUpload", after=1)

    async def scenario(client: aio.AsyncPolycue) -> None:
        upload = await client.upload(film)
        assert upload.state == uploads_pb2.UPLOAD_STATE_COMPLETE
        assert server.uploads[upload.name] == film.read_bytes()

    run(scenario)


def test_a_file_that_is_not_there_is_an_error_of_the_file(run: Run, tmp_path: Path) -> None:
    async def scenario(client: aio.AsyncPolycue) -> None:
        with pytest.raises(FileNotFoundError):
            await client.upload(tmp_path / "none.mp4")

    run(scenario)


def test_a_broken_watch_goes_on(run: Run, server: ScriptedServer) -> None:
    server.scripts.append(ended)
    server.fail("WatchJob", after=1)

    async def scenario(client: aio.AsyncPolycue) -> None:
        job = await client.subtitle(source())
        assert [event.sequence async for event in client.watch(job)] == [1, 3]

    run(scenario)


def test_waiting_returns_the_job_or_raises(run: Run, server: ScriptedServer) -> None:
    failure = media_pb2.Failure(code=9, reason="NO_AUDIO_STREAM", message="no sound")
    failed = Event(job=jobs_pb2.Job(state=jobs_pb2.JOB_STATE_FAILED, failure=failure))
    server.scripts.extend([ended, lambda spec: [failed]])

    async def scenario(client: aio.AsyncPolycue) -> None:
        job = await client.wait(await client.subtitle(source()))
        assert job.state == jobs_pb2.JOB_STATE_SUCCEEDED
        with pytest.raises(errors.NoAudioStream):
            await client.wait(await client.subtitle(source()))

    run(scenario)


def test_leaving_a_watch_does_not_cancel_the_job(run: Run, server: ScriptedServer) -> None:
    server.scripts.append(ended)

    async def scenario(client: aio.AsyncPolycue) -> None:
        async with contextlib.aclosing(client.watch(await client.subtitle(source()))) as events:
            async for _ in events:
                break
        assert not server.cancelled.is_set()

    run(scenario)


def test_what_is_left_open_at_the_end_of_the_loop_is_closed_without_a_word(
    server: ScriptedServer, tmp_path: Path
) -> None:
    # asyncio.run() closes generators in any order: one was closed while it closed the other.
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    server.limits.max_inline_bytes = 3
    told: list[dict[str, object]] = []
    left: list[object] = []

    def hear(loop: asyncio.AbstractEventLoop, fault: dict[str, object]) -> None:
        # grpc's poller may have something left for the loop before, which is closed.
        if "PollerCompletionQueue" not in str(fault["message"]):
            told.append(fault)

    async def program() -> None:
        asyncio.get_running_loop().set_exception_handler(hear)
        client = aio.connect(server.address)
        server.scripts.append(ended)
        for items in (
            client.watch(await client.subtitle(source())),
            client.stream_transcribe(clip),
        ):
            await anext(items)
            left.append(items)

    for _ in range(8):
        asyncio.run(program())
    assert (told, server.uploads) == ([], {})


def test_a_client_that_is_closed_by_another_task_says_so(server: ScriptedServer) -> None:
    # grpc cancelled those who waited, though nobody had: in a TaskGroup they were gone in silence.
    server.scripts.append(runs_until_cancelled)

    async def program() -> None:
        client = aio.connect(server.address)
        job = await client.subtitle(source())
        waiting = asyncio.create_task(client.wait(job))
        await asyncio.to_thread(server.watched.wait)
        await client.close()
        for ended_by_it in (waiting, client.wait(job), client.get_job(job.name)):
            with pytest.raises(errors.CallCancelled, match="closed"):
                await ended_by_it

    asyncio.run(program())


def test_a_task_that_is_cancelled_is_cancelled(server: ScriptedServer) -> None:
    server.scripts.append(runs_until_cancelled)

    async def program() -> None:
        async with aio.connect(server.address) as client:
            waiting = asyncio.create_task(client.wait(await client.subtitle(source())))
            await asyncio.to_thread(server.watched.wait)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(program())


def test_a_broken_download_goes_on_and_is_checked(
    run: Run, server: ScriptedServer, tmp_path: Path
) -> None:
    data = os.urandom(3500)
    server.artifacts["jobs/1/artifacts/1"] = data
    artifact = artifacts_pb2.Artifact(
        name="jobs/1/artifacts/1",
        filename="film.en.srt",
        size_bytes=3500,
        sha256=hashlib.sha256(data).digest(),
    )
    server.fail("ReadArtifact", after=1)

    async def scenario(client: aio.AsyncPolycue) -> None:
        path = await client.download(artifact, tmp_path)
        assert path.read_bytes() == await client.read(artifact) == data
        artifact.sha256 = b"0" * 32
        with pytest.raises(errors.ChecksumMismatch):
            await client.download(artifact, tmp_path, filename="other.srt")

    run(scenario)
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.en.srt"]


def test_clips_and_texts_are_one_call(run: Run, server: ScriptedServer, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")

    async def scenario(client: aio.AsyncPolycue) -> None:
        assert len((await client.transcribe(clip, translate_to=["es"])).tracks) == 2
        server.limits.max_inline_bytes = 3
        events = [event.WhichOneof("event") async for event in client.stream_transcribe(clip)]
        assert events == ["started", "finished"]
        assert server.uploads == {}
        (spanish,) = await client.translate_subtitles("text", source="en", to=["es"])
        assert spanish.language_code == "es"
        assert (await client.convert_subtitles("text", to="vtt")).text == "text"
        assert (await client.convert_file(b"text", to="ass"))[0] == b"text"
        linted = await client.lint_subtitles("text", language="de")
        assert linted.report.language_code == "de"
        assert (await client.server_info()).version == "0.0.0"

    run(scenario)


def test_a_job_can_be_cancelled_and_deleted(run: Run, server: ScriptedServer) -> None:
    async def scenario(client: aio.AsyncPolycue) -> None:
        job = await client.subtitle(source())
        assert (await client.cancel(job)).state == jobs_pb2.JOB_STATE_CANCELLING
        assert (await client.resume(job)).state == jobs_pb2.JOB_STATE_QUEUED
        assert (await client.get_job(job.name)).state == jobs_pb2.JOB_STATE_SUCCEEDED
        await client.delete(job.name)
        with pytest.raises(errors.NotFound):
            await client.delete(job)

    run(scenario)
