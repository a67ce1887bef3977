"""What stands around every call: ids, errors nobody foresaw, draining, health."""

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from polycue.api.v1 import catalog_pb2, jobs_pb2, media_pb2, transcription_pb2
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.api.v1.transcription_pb2_grpc import TranscriptionServiceStub
from polycue.app import server as server_module
from polycue.app.stop import Stop
from polycue.domain.errors import (
    AddressUnusable,
    DataFolderInUse,
    InsecureAddress,
    InvalidRequest,
    ModelMissing,
)
from polycue.jobs.retention import Retention
from polycue.rpc.server import SERVICES, TRANSCRIPTION
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue_client.wire.raised import from_rpc
from support.serving import Channel, Serve, happened, refused

WAIT_S = 60
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING

MEDIA = media_pb2.MediaSource(content=b"a clip")
CLIP = jobs_pb2.JobSpec(
    subtitle=jobs_pb2.SubtitleTask(media=MEDIA, formats=[media_pb2.SUBTITLE_FORMAT_SRT])
)


def transcribe(channel: Channel, **how: Any) -> Awaitable[transcription_pb2.TranscribeResponse]:
    stub = TranscriptionServiceStub(channel)
    return stub.Transcribe(transcription_pb2.TranscribeRequest(media=MEDIA), **how)


async def info(channel: Channel) -> catalog_pb2.GetServerInfoResponse:
    return await CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())


def health_stub(channel: Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel)  # its types know the synchronous one only


async def health(channel: Channel, service: str) -> int:
    answer = await health_stub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


def test_an_error_nobody_foresaw_leaks_nothing_and_names_the_request(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(channel: Channel) -> None:
        for call in (
            transcribe(channel, metadata=(("x-request-id", "mine-1"),)),
            _drain(channel, metadata=(("x-request-id", "mine-1"),)),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            error = from_rpc(caught.value)
            assert (error.status, error.reason) == ("INTERNAL", "INTERNAL")
            assert error.message == "internal error; request id mine-1"
            assert error.metadata == {"requestId": "mine-1"}
            assert ("x-request-id", "mine-1") in tuple(caught.value.trailing_metadata())
            assert "secret" not in repr(caught.value)
        await info(channel)

    pipeline = FakePipeline(raises=lambda: RuntimeError("secret: /srv/token"))
    serve(scenario, pipeline=pipeline)
    assert "secret: /srv/token" in capsys.readouterr().out  # the operator's log has it


async def _drain(channel: Channel, **how: Any) -> None:
    request = transcription_pb2.StreamTranscribeRequest(media=MEDIA)
    async for _ in TranscriptionServiceStub(channel).StreamTranscribe(request, **how):
        pass


def test_a_cancellation_nobody_asked_for_still_gives_the_client_a_status(serve: Serve) -> None:
    # Left alone, grpc.aio never answers such a call (grpc#29248).
    async def scenario(channel: Channel) -> None:
        assert (await refused(transcribe(channel))).status == "INTERNAL"

    serve(scenario, pipeline=FakePipeline(raises=asyncio.CancelledError))


def test_bytes_that_are_no_message_are_refused_as_such(serve: Serve) -> None:
    # Left to grpc this is UNKNOWN, with the text of the exception.
    def as_it_is(data: bytes) -> bytes:
        return data

    async def scenario(channel: Channel) -> None:
        how = {"request_serializer": as_it_is, "response_deserializer": as_it_is}
        package, garbage = "/polycue.api.v1", b"\x12\xff\xff"

        async def stream() -> None:
            call = channel.unary_stream(f"{package}.JobService/WatchJob", **how)
            async for _ in call(garbage):
                pass

        for call in (
            channel.unary_unary(f"{package}.JobService/CreateJob", **how)(garbage),
            channel.stream_unary(f"{package}.UploadService/WriteUpload", **how)(iter([garbage])),
            stream(),
        ):
            error = await refused(call)
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
        await info(channel)

    serve(scenario)


def test_every_call_has_a_request_id(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub, request = CatalogServiceStub(channel), catalog_pb2.GetServerInfoRequest()
        for sent, kept in (("abc-1", True), ("x" * 65, False), ("a b", False)):
            call = stub.GetServerInfo(request, metadata=(("x-request-id", sent),))
            await call
            ids = [v for k, v in await call.trailing_metadata() or () if k == "x-request-id"]
            assert (ids == [sent]) is kept
            assert len(ids) == 1

    serve(scenario)


def test_a_draining_server_refuses_new_calls_and_lets_old_ones_end(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel, stop: Stop) -> None:
        at_work = asyncio.ensure_future(transcribe(channel))
        await happened(gate.reached)
        watching = health_stub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
        assert (await watching.read()).status == SERVING
        stop.ask()
        assert (await watching.read()).status == NOT_SERVING
        error = await refused(info(channel))
        assert (error.status, error.reason, error.retry_after_s) == ("UNAVAILABLE", "DRAINING", 5)
        gate.open()
        assert (await at_work).tracks

    serve.stoppable(scenario, pipeline=FakePipeline(gate=gate), drain_s=WAIT_S)


def test_a_server_told_twice_does_not_wait(serve: Serve) -> None:
    gate = Gate()

    async def scenario(channel: Channel, stop: Stop) -> None:
        at_work = asyncio.ensure_future(refused(transcribe(channel)))
        await happened(gate.reached)
        stop.ask()
        stop.ask()
        error = await at_work
        assert (error.status, error.reason) == ("UNAVAILABLE", "DRAINING")
        assert gate.left.is_set()

    serve.stoppable(scenario, pipeline=FakePipeline(gate=gate), drain_s=1000)


def test_watchers_are_told_when_the_server_stops(serve: Serve) -> None:
    gate = Gate()

    async def read(
        watching: AsyncIterator[jobs_pb2.WatchJobResponse], seen: list[jobs_pb2.WatchJobResponse]
    ) -> None:
        async for event in watching:
            seen.append(event)

    async def scenario(channel: Channel, stop: Stop) -> None:
        stub = JobServiceStub(channel)
        running, waiting = [
            (await stub.CreateJob(jobs_pb2.CreateJobRequest(spec=CLIP))).job for _ in range(2)
        ]
        await happened(gate.reached)
        on_running, on_waiting = [
            aiter(stub.WatchJob(jobs_pb2.WatchJobRequest(name=job.name)))
            for job in (running, waiting)
        ]
        await anext(on_running)
        await anext(on_waiting)
        stop.now()
        for watching, state in (
            (on_running, jobs_pb2.JOB_STATE_INTERRUPTED),
            (on_waiting, jobs_pb2.JOB_STATE_QUEUED),
        ):
            last: list[jobs_pb2.WatchJobResponse] = []
            assert (await refused(read(watching, last))).reason == "DRAINING"
            assert last[-1].job.state == state

    serve.stoppable(scenario, pipeline=FakePipeline(gate=gate), max_running_jobs=1)


def test_health_answers_for_each_service(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        watching = health_stub(channel).Watch(health_pb2.HealthCheckRequest(service=TRANSCRIPTION))
        async for answer in watching:  # the recogniser is looked for once the server serves
            if answer.status == SERVING:
                break
        for service in ("", *SERVICES):
            assert await health(channel, service) == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await health(channel, "polycue.api.v1.NoService")
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    serve(scenario)


def test_transcription_is_not_serving_while_there_is_no_recogniser(serve: Serve) -> None:
    looked = threading.Event()

    def missing() -> None:
        looked.set()
        raise ModelMissing("small", "polycue models pull small")

    async def scenario(channel: Channel) -> None:
        await happened(looked)
        assert await health(channel, TRANSCRIPTION) == NOT_SERVING
        assert await health(channel, "") == SERVING

    serve(scenario, ready=missing)


def test_transcription_is_not_serving_while_the_engine_is_down(serve: Serve) -> None:
    up, may_load = threading.Event(), threading.Semaphore(1)

    def ready() -> None:
        assert may_load.acquire(timeout=WAIT_S)
        up.set()

    async def scenario(channel: Channel) -> None:
        request = health_pb2.HealthCheckRequest(service=TRANSCRIPTION)
        said = (int(answer.status) async for answer in health_stub(channel).Watch(request))
        while await anext(said) != SERVING:
            pass
        up.clear()
        assert await anext(said) == NOT_SERVING
        assert await health(channel, "") == SERVING
        may_load.release()
        assert await anext(said) == SERVING

    serve(scenario, ready=ready, up=up.is_set)


def test_a_model_that_loads_for_ever_holds_up_no_exit(serve: Serve) -> None:
    loading, given_up = threading.Event(), threading.Event()

    def ready() -> None:
        loading.set()
        assert given_up.wait(timeout=60)

    async def scenario(channel: Channel) -> None:
        await happened(loading)

    serve(scenario, ready=ready, abandon=given_up.set)
    assert given_up.is_set()


def test_reflection_lists_the_services_unless_it_is_off(serve: Serve) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")

    async def ask(channel: Channel) -> set[str]:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(cast(Any, channel))
        async for answer in stub.ServerReflectionInfo(iter([request])):
            return {service.name for service in answer.list_services_response.service}
        return set()

    async def on(channel: Channel) -> None:
        assert {*SERVICES, "grpc.health.v1.Health"} <= await ask(channel)

    async def off(channel: Channel) -> None:
        assert (await refused(ask(channel))).status == "UNIMPLEMENTED"

    serve(on)
    serve(off, reflection=False)


def test_a_second_server_neither_shares_the_port_nor_the_folder(
    serve: Serve, tmp_path: Path
) -> None:
    async def scenario(channel: Channel) -> None:
        from polycue.app.engine import Engine
        from polycue.app.server import App
        from polycue.config import Settings

        fake: Any = FakePipeline()
        engine = Engine(fake, fake, fake, lambda: None, lambda: True, lambda: None)
        with pytest.raises(DataFolderInUse):
            App(Settings(data_dir=tmp_path / "data"), engine)
        second = App(Settings(data_dir=tmp_path / "other", listen=address), engine)
        with pytest.raises(AddressUnusable, match="another server answers"):
            await second.serve(Stop(), on_ready=lambda _: None)
        await info(channel)  # the first one still has its socket
        # The second let go of all it held, so that it can be started again.
        App(Settings(data_dir=tmp_path / "other"), engine)._closing.close()

    address = f"unix:{tmp_path / 's.sock'}"
    serve(scenario, listen=address)


def test_other_machines_are_not_served_in_the_clear_by_accident(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        await info(channel)

    with pytest.raises(InsecureAddress, match="--insecure"):
        serve(scenario, listen="0.0.0.0:0")
    serve(scenario, listen="0.0.0.0:0", insecure=True)


def test_a_taken_port_is_refused_and_not_shared(serve: Serve) -> None:
    # grpc's default lets a second server bind the same port; each then gets half of the calls.
    async def scenario(channel: Channel) -> None:
        pass

    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(AddressUnusable, match="it is taken"):
            serve(scenario, listen=f"127.0.0.1:{port}")


def test_a_sweep_that_breaks_down_is_tried_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept, problems = threading.Event(), iter(["nobody foresaw this"])

    def sweep(retention: Retention) -> int:
        for problem in problems:
            raise RuntimeError(problem)
        swept.set()
        return 0

    monkeypatch.setattr(server_module, "_CHORES_EVERY_S", 0.01)
    monkeypatch.setattr(Retention, "sweep", sweep)

    async def scenario(channel: Channel) -> None:
        await happened(swept)

    serve(scenario)


def errors_alive() -> set[int]:
    return {id(each) for each in gc.get_objects() if isinstance(each, InvalidRequest)}


def test_a_refused_request_is_let_go_at_once(serve: Serve) -> None:
    """Not when Python's collector comes by: a hundred of four MiB may wait until then."""

    async def scenario(channel: Channel) -> None:
        gc.collect()
        gc.disable()
        others = errors_alive()  # pytest keeps some of earlier tests
        try:
            for _ in range(3):
                await refused(JobServiceStub(channel).CreateJob(jobs_pb2.CreateJobRequest()))
            while errors_alive() - others:  # a call may still be ending when it is answered
                await info(channel)
        finally:
            gc.enable()

    serve(scenario)
