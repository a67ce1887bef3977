"""Tokens: who is let in, as whom, and what those are told who are not."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from structlog.testing import capture_logs

from polycue.api.v1 import catalog_pb2
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.domain.errors import CredentialsUnusable
from polycue.rpc.access.tokens import new_token
from support.callers import METHODS, Method, TokensFile, bearer
from support.serving import Channel, Serve, refused

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def tokens(tmp_path: Path) -> TokensFile:
    return TokensFile(tmp_path / "tokens.toml")


async def nothing_yet() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def info(channel: Channel, token: str) -> catalog_pb2.GetServerInfoResponse:
    stub = CatalogServiceStub(channel)
    return await stub.GetServerInfo(catalog_pb2.GetServerInfoRequest(), metadata=bearer(token))


def test_every_call_of_every_shape_wants_a_token(serve: Serve, tokens: TokensFile) -> None:
    expires = dt.datetime.fromtimestamp(serve.clock() / 1000, dt.UTC).date()
    old = tokens.add("films", expires=expires)
    good = tokens.add("films")
    bad = {
        "TOKEN_MISSING": (),
        "TOKEN_EXPIRED": bearer(old),
        "TOKEN_UNKNOWN": bearer(new_token()),
    }
    odd = (
        bearer(""),
        bearer(good.upper()),
        bearer(good + "x"),
        (("authorization", good),),
        (("authorization", f"Basic {good}"),),
        (*bearer(good), *bearer(good)),
    )

    async def scenario(channel: Channel) -> None:
        assert len(METHODS) > 20
        assert {(m.sends_many, m.answers_many) for m in METHODS} >= {
            (False, False),
            (False, True),
            (True, False),
        }
        for method in METHODS:
            for reason, metadata in bad.items():
                error = await refused(method.call(channel, metadata=metadata))
                assert (error.status, error.reason) == ("UNAUTHENTICATED", reason), method
                assert error.retry_after_s is None
        for metadata in odd:
            assert (await refused(METHODS[0].call(channel, metadata=metadata))).reason == (
                "TOKEN_UNKNOWN"
            )
        await info(channel, good)

    serve(scenario, tokens_file=tokens.path)


def test_a_token_that_is_added_counts_at_once_and_one_that_is_removed_no_more(
    serve: Serve, tokens: TokensFile
) -> None:
    async def scenario(channel: Channel) -> None:
        token = tokens.add("films")
        await info(channel, token)
        kept = tokens.path.read_text()
        with capture_logs() as lines:
            tokens.path.write_text("not [ TOML")
            await info(channel, token)
            await info(channel, token)
        problems = [line for line in lines if line["log_level"] == "error"]
        assert [line["event"] for line in problems] == ["a changed file is not used"]
        tokens.path.write_text(kept.replace("tenant", "# tenant", 1) + "\n[tenants.films]\n")
        await info(channel, token)  # still the old file: the new one lacks a tenant
        tokens.path.write_text("")
        assert (await refused(info(channel, token))).reason == "TOKEN_UNKNOWN"

    serve(scenario, tokens_file=tokens.path)


def test_a_token_expires_while_the_server_runs(serve: Serve, tokens: TokensFile) -> None:
    tomorrow = dt.datetime.fromtimestamp(serve.clock() / 1000 + DAY_MS / 1000, dt.UTC).date()
    token = tokens.add("films", expires=tomorrow)

    async def scenario(channel: Channel) -> None:
        await info(channel, token)
        serve.clock.advance(DAY_MS)
        assert (await refused(info(channel, token))).reason == "TOKEN_EXPIRED"

    serve(scenario, tokens_file=tokens.path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[tokens]]\ntenant = 'a'", "tokens.0.sha256"),
        ("[[tokens]]\ntenant = 'a b'\nsha256 = '" + "0" * 64 + "'", "tokens.0.tenant"),
        ("[[tokens]]\ntenant = 'a'\nsha256 = 'polycue_secret'", "tokens.0.sha256"),
        ("[[tokens]]\ntenant = 'a'\ntoken = 'polycue_secret'", "tokens.0"),
        ("[[certificates]]\ntenant = 'a'\nidentity = 'films'", "certificates.0.identity"),
        ("[tenants.films]\nmax_jobs = 0", "tenants.films.max_jobs"),
        ("[tenants.films]\nmax_jbos = 1", "max_jbos"),
        ("= 1", "is no TOML"),
        ("\x00", "is no TOML"),
        (
            2 * "[[certificates]]\ntenant = 'a'\nidentity = 'cn:x'\n",
            "an identity is there twice",
        ),
    ],
)
def test_a_server_does_not_start_with_a_file_that_is_wrong(
    serve: Serve, tokens: TokensFile, text: str, problem: str
) -> None:
    async def scenario(channel: Channel) -> None:
        pass

    tokens.path.write_text(text)
    with pytest.raises(CredentialsUnusable, match=problem) as caught:
        serve(scenario, tokens_file=tokens.path)
    assert "polycue_secret" not in str(caught.value)


def test_a_file_that_anybody_may_write_lets_nobody_in(serve: Serve, tokens: TokensFile) -> None:
    async def scenario(channel: Channel) -> None:
        pass

    tokens.path.chmod(0o666)
    with pytest.raises(CredentialsUnusable, match="may write"):
        serve(scenario, tokens_file=tokens.path)


def test_no_token_is_ever_logged_and_every_call_says_whose_it_was(
    serve: Serve, tokens: TokensFile
) -> None:
    good, unknown = tokens.add("films"), new_token()

    async def scenario(channel: Channel) -> None:
        await info(channel, good)
        await refused(info(channel, unknown))
        for method in METHODS:
            await method_ended(channel, method, good)

    with capture_logs() as lines:
        serve(scenario, tokens_file=tokens.path, log_level="debug")
    for secret in (good, unknown, good[8:], unknown[8:]):
        assert secret not in repr(lines)
    calls = [line for line in lines if line["event"] == "call"]
    assert calls[0]["tenant"] == "films"
    assert calls[0]["peer"].startswith("ipv4:127.0.0.1:")
    assert (calls[1]["code"], calls[1]["reason"]) == ("UNAUTHENTICATED", "TOKEN_UNKNOWN")
    assert "tenant" not in calls[1]


async def method_ended(channel: Channel, method: Method, token: str) -> None:
    """Make a call whose message is garbage, whatever comes of it."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        await method.call(channel, b"\x12\xff\xff", metadata=bearer(token))


def test_health_is_told_to_everybody(serve: Serve, tokens: TokensFile) -> None:
    async def scenario(channel: Channel) -> None:
        stub: Any = health_pb2_grpc.HealthStub(cast(Any, channel))
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=""))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING

    serve(scenario, tokens_file=tokens.path)


def test_without_a_tokens_file_nobody_is_asked(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        await info(channel, new_token())
        stub = CatalogServiceStub(channel)
        answer = await stub.GetServerInfo(catalog_pb2.GetServerInfoRequest())
        assert answer.limits.max_tenant_jobs == 0

    serve(scenario)


def test_each_tenant_is_told_its_own_limits(serve: Serve, tokens: TokensFile) -> None:
    films, news = tokens.add("films"), tokens.add("news")
    tokens.write("[tenants.films]\nmax_jobs = 7\nmax_day_media_s = 60\n")

    async def scenario(channel: Channel) -> None:
        mine, other = (await info(channel, films)).limits, (await info(channel, news)).limits
        assert (mine.max_tenant_jobs, other.max_tenant_jobs) == (7, 50)
        assert mine.max_tenant_media_duration.ToSeconds() == 60
        assert not other.HasField("max_tenant_media_duration")

    serve(scenario, tokens_file=tokens.path, max_tenant_jobs=50)


def test_nothing_is_taken_in_of_a_stranger(serve: Serve, tokens: TokensFile) -> None:
    """Else many together fill the memory: each message may have four MiB."""
    tokens.add("films")

    async def scenario(channel: Any) -> None:
        for method in METHODS:
            send = channel.stream_stream(method.path)(nothing_yet())
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await send.read()
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED

    serve(scenario, tokens_file=tokens.path)
