"""The ports for those who look after a server."""

import asyncio
import socket
import urllib.request
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from polycue.app.stop import Stop
from polycue.domain.errors import AddressUnusable
from polycue.rpc.server import SERVICES
from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from polycue_client.cli.app import run
from support.callers import METHODS, TokensFile
from support.certificates import Authority
from support.counted import now
from support.serving import Channel, Serve, happened, refused

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(channel: Channel) -> int:
    stub: Any = health_pb2_grpc.HealthStub(cast(Any, channel))
    return int((await stub.Check(health_pb2.HealthCheckRequest(service=""))).status)


async def services(channel: Channel) -> set[str]:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(cast(Any, channel))
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async for answer in stub.ServerReflectionInfo(iter([request])):
        return {service.name for service in answer.list_services_response.service}
    return set()


def test_health_reflection_and_channelz_are_answered_to_who_brings_nothing(
    serve: Serve, tmp_path: Path
) -> None:
    ca, tokens = Authority(tmp_path / "ca"), TokensFile(tmp_path / "tokens.toml")
    pair, admin = ca.pair("server", "localhost", "127.0.0.1"), f"unix:{tmp_path / 'admin.sock'}"

    async def scenario(channel: Channel) -> None:
        assert (await refused(METHODS[0].call(channel))).reason == "TOKEN_MISSING"
        async with grpc.aio.insecure_channel(admin) as mine:
            assert await health(mine) == SERVING
            assert await services(mine) >= {*SERVICES, "grpc.channelz.v1.Channelz"}
            stub: Any = channelz_pb2_grpc.ChannelzStub(mine)
            servers = (await stub.GetServers(channelz_pb2.GetServersRequest())).server
            assert len(servers) >= 2  # other tests of this process may have left some
            # No service of a tenant's is here.
            assert (await refused(METHODS[0].call(mine))).status == "UNIMPLEMENTED"
        assert await asyncio.to_thread(run, ["health", "--server", admin]) == 0

    serve(
        scenario,
        credentials=ca.trusting(),
        tls_cert=pair.certificate,
        tls_key=pair.key,
        tokens_file=tokens.path,
        admin_listen=admin,
        reflection=False,
    )


def test_channelz_is_not_answered_where_other_machines_reach_it(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        address = next(line["address"] for line in lines if line["event"] == "admin is answered")
        here = f"localhost:{address.rpartition(':')[2]}"
        async with grpc.aio.insecure_channel(here) as mine:
            assert await health(mine) == SERVING
            assert "grpc.channelz.v1.Channelz" not in await services(mine)

    with capture_logs() as lines:
        serve(scenario, admin_listen="0.0.0.0:0")


def test_health_is_told_until_the_last_call_has_ended(serve: Serve, tmp_path: Path) -> None:
    gate, admin = Gate(), f"unix:{tmp_path / 'admin.sock'}"
    transcribe = next(method for method in METHODS if str(method) == "Transcribe")
    clip = transcribe.request(media={"content": b"a clip"}).SerializeToString()

    async def scenario(channel: Channel, stop: Stop) -> None:
        at_work = asyncio.create_task(transcribe.call(channel, clip))
        await happened(gate.reached)
        async with grpc.aio.insecure_channel(admin) as mine:
            stub: Any = health_pb2_grpc.HealthStub(cast(Any, mine))
            watching = stub.Watch(health_pb2.HealthCheckRequest(service=""))
            assert (await watching.read()).status == SERVING
            assert now("serving", service="JobService") == 1
            stop.ask()
            assert (await watching.read()).status == NOT_SERVING
            assert now("serving", service="JobService") == 0
            assert (await refused(METHODS[0].call(channel))).reason == "DRAINING"
            assert await health(mine) == NOT_SERVING
        gate.open()
        await at_work

    serve.stoppable(scenario, pipeline=FakePipeline(gate=gate), admin_listen=admin, drain_s=60)


def test_what_is_counted_is_answered_over_http(serve: Serve, tmp_path: Path) -> None:
    tokens = TokensFile(tmp_path / "tokens.toml")

    def read(address: str) -> str:
        with urllib.request.urlopen(f"http://{address}/metrics") as answer:
            text: str = answer.read().decode()
            return text

    async def scenario(channel: Channel) -> None:
        address = next(line["address"] for line in lines if line["event"].startswith("metrics"))
        await refused(METHODS[0].call(channel))
        text = await asyncio.to_thread(read, address)
        assert 'polycue_calls_refused_total{reason="TOKEN_MISSING"}' in text
        method = str(METHODS[0])
        assert f'polycue_call_seconds_count{{code="UNAUTHENTICATED",method="{method}"}}' in text
        assert "polycue_event_loop_lag_seconds_count" in text

    with capture_logs() as lines:
        serve(scenario, metrics_listen="127.0.0.1:0", tokens_file=tokens.path)


@pytest.mark.parametrize("setting", ["admin_listen", "metrics_listen"])
def test_an_address_that_is_taken_or_none_is_refused(serve: Serve, setting: str) -> None:
    async def scenario(channel: Channel) -> None:
        pass

    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        for address in (taken, "nowhere"):
            with pytest.raises(AddressUnusable):
                serve(scenario, **{setting: address})
