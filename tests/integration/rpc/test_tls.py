"""Calls in TLS: who trusts whom, and certificates that change while the server runs."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from polycue.api.v1 import catalog_pb2
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.domain.errors import CredentialsUnusable, InsecureAddress
from support.callers import TokensFile, bearer
from support.certificates import Authority, Pair
from support.serving import Channel, Serve, refused

LOCAL = ("localhost", "127.0.0.1")


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def server(ca: Authority) -> Pair:
    return ca.pair("server", *LOCAL)


@pytest.fixture
def tls(server: Pair) -> dict[str, Any]:
    return {"tls_cert": server.certificate, "tls_key": server.key}


async def info(channel: Channel, *, token: str = "") -> catalog_pb2.GetServerInfoResponse:
    metadata = bearer(token) if token else ()
    stub = CatalogServiceStub(channel)
    return await stub.GetServerInfo(catalog_pb2.GetServerInfoRequest(), metadata=metadata)


async def asked(address: str, credentials: grpc.ChannelCredentials) -> None:
    """One call over a connection of its own."""
    async with grpc.aio.secure_channel(address, credentials) as channel:
        await info(channel)


async def tenant_of(channel: Channel, **how: Any) -> object:
    with capture_logs() as lines:
        await info(channel, **how)
    return next(line["tenant"] for line in lines if line["event"] == "call")


def test_who_does_not_trust_the_server_or_speaks_in_the_clear_is_not_served(
    serve: Serve, ca: Authority, tls: dict[str, Any], tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")

    async def scenario(channel: Channel) -> None:
        await info(channel)
        error = await refused(asked(serve.address, stranger.trusting()))
        assert error.status == "UNAVAILABLE"
        async with grpc.aio.insecure_channel(serve.address) as clear:
            assert (await refused(info(clear))).status == "UNAVAILABLE"
        await info(channel)

    serve(scenario, credentials=ca.trusting(), **tls)


def test_a_client_is_known_by_its_certificate_or_its_token(
    serve: Serve, ca: Authority, tls: dict[str, Any], tmp_path: Path
) -> None:
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    tokens = TokensFile(tmp_path / "tokens.toml")
    token = tokens.add("films")
    tokens.write('[[certificates]]\ntenant = "news"\nidentity = "dns:desk.example.org"\n')
    tokens.write('[[certificates]]\ntenant = "sports"\nidentity = "cn:sports"\n')
    sports = ours.pair("sports", "s.example.org", common_name="sports")
    strangers = ours.pair("stranger", "desk.example.org.evil", common_name="desk.example.org")

    async def scenario(channel: Channel) -> None:
        assert await tenant_of(channel) == "news"
        assert await tenant_of(channel, token=token) == "films"
        assert (await refused(info(channel, token="wrong"))).reason == "TOKEN_UNKNOWN"  # noqa: S106
        async with grpc.aio.secure_channel(serve.address, ca.trusting(sports)) as other:
            assert await tenant_of(other) == "sports"
        error = await refused(asked(serve.address, ca.trusting(strangers)))
        assert (error.status, error.reason) == ("UNAUTHENTICATED", "CERTIFICATE_UNKNOWN")
        for nobody in (None, theirs.pair("desk", "desk.example.org")):
            error = await refused(asked(serve.address, ca.trusting(nobody)))
            assert (error.status, error.reason) == ("UNAVAILABLE", "")

    desk = ca.trusting(ours.pair("desk", "desk.example.org"))
    serve(scenario, credentials=desk, tls_client_ca=ours.path, tokens_file=tokens.path, **tls)


def test_certificates_are_changed_without_a_restart(
    serve: Serve, ca: Authority, server: Pair, tls: dict[str, Any], tmp_path: Path
) -> None:
    new = Authority(tmp_path / "new")

    async def scenario(channel: Channel) -> None:
        await info(channel)
        server.replace(new.issue(*LOCAL))
        await asked(serve.address, new.trusting())
        assert (await refused(asked(serve.address, ca.trusting()))).status == "UNAVAILABLE"
        await info(channel)  # its connection is older than the change
        with capture_logs() as lines:
            server.key.write_bytes(b"no key")
            await asked(serve.address, new.trusting())
            await asked(serve.address, new.trusting())
            server.key.unlink()
            await asked(serve.address, new.trusting())
        problems = [line["problem"] for line in lines if line["log_level"] == "error"]
        assert len(problems) == 2
        assert "does not belong to the key" in problems[0]
        assert "No such file" in problems[1]
        server.replace(ca.issue(*LOCAL))
        await asked(serve.address, ca.trusting())

    serve(scenario, credentials=ca.trusting(), **tls)


def test_the_authority_of_clients_is_changed_without_a_restart(
    serve: Serve, ca: Authority, tls: dict[str, Any], tmp_path: Path
) -> None:
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    before, after = (ca.trusting(each.pair("desk", "desk.example.org")) for each in (old, new))

    async def scenario(channel: Channel) -> None:
        await info(channel)
        assert (await refused(asked(serve.address, after))).status == "UNAVAILABLE"
        old.path.write_bytes(new.pem)
        await asked(serve.address, after)
        assert (await refused(asked(serve.address, before))).status == "UNAVAILABLE"

    serve(scenario, credentials=before, tls_client_ca=old.path, **tls)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
def test_old_versions_of_tls_are_refused(serve: Serve, ca: Authority, tls: dict[str, Any]) -> None:
    def handshake(newest: ssl.TLSVersion) -> str | None:
        client = ssl.create_default_context(cadata=ca.pem.decode())
        client.set_alpn_protocols(["h2"])
        client.set_ciphers("ALL:@SECLEVEL=0")
        client.minimum_version, client.maximum_version = ssl.TLSVersion.TLSv1, newest
        host, _, port = serve.address.rpartition(":")
        with (
            socket.create_connection((host, int(port))) as plain,
            client.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            return wrapped.version()

    async def scenario(channel: Channel) -> None:
        assert await asyncio.to_thread(handshake, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                await asyncio.to_thread(handshake, old)

    serve(scenario, credentials=ca.trusting(), **tls)


@pytest.mark.parametrize("wrong", ["key", "certificate", "nothing", "client_ca"])
def test_a_server_does_not_start_with_files_that_are_wrong(
    serve: Serve, ca: Authority, server: Pair, wrong: str
) -> None:
    async def scenario(channel: Channel) -> None:
        pass

    files: dict[str, Any] = {"tls_cert": server.certificate, "tls_key": server.key}
    match wrong:
        case "key":
            files["tls_key"] = ca.pair("other", *LOCAL).key
        case "certificate":
            server.certificate.write_text("no certificate")
        case "nothing":
            server.key.unlink()
        case _:
            files["tls_client_ca"] = server.key
    with pytest.raises(CredentialsUnusable):
        serve(scenario, **files)


def test_beyond_loopback_calls_are_encrypted_and_callers_known(
    serve: Serve, ca: Authority, tls: dict[str, Any], tmp_path: Path
) -> None:
    tokens = TokensFile(tmp_path / "tokens.toml")
    everywhere: dict[str, Any] = {"listen": "0.0.0.0:0"}

    async def scenario(channel: Channel) -> None:
        port = serve.address.rpartition(":")[2]
        await asked(f"localhost:{port}", ca.trusting(ca.pair("me", "me.example.org")))

    for how in (tls, {"tokens_file": tokens.path}):
        with pytest.raises(InsecureAddress):
            serve(scenario, **everywhere, **how)
    known = {"tls_client_ca": ca.path}
    with capture_logs() as lines:
        serve(scenario, credentials=ca.trusting(), **everywhere, **tls, **known)
    assert not [line for line in lines if "INSECURE" in line["event"]]
    with capture_logs() as lines:
        serve(scenario, credentials=ca.trusting(), insecure=True, **everywhere, **tls)
    assert ["whoever reaches" in line["event"] for line in lines if "INSECURE" in line["event"]]
