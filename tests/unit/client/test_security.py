import socket
from pathlib import Path

import grpc
import pytest

from polycue.api.v1.catalog_pb2 import GetServerInfoRequest
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue_client import Tls, connect
from polycue_client.wire.addresses import is_local
from polycue_client.wire.security import Access

TOKEN = "a secret"  # noqa: S105


@pytest.mark.parametrize(
    ("target", "local"),
    [
        ("localhost:50051", True),
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("unix:/run/polycue.sock", True),
        ("unix:///run/polycue.sock", True),
        ("dns:///localhost:1", True),
        ("ipv4:127.0.0.1:1", True),
        ("ipv6:[::1]:1", True),
        ("polycue.example.org:1", False),
        ("localhost.example.org:1", False),
        ("dns://8.8.8.8/localhost:1", False),
        ("10.0.0.1:1", False),
        ("[::ffff:10.0.0.1]:1", False),
        ("ipv4:127.0.0.1:1,10.0.0.1:1", False),
        ("127.0.0.1:1,127.0.0.2:1", True),
        ("127.0.0.1:1,10.0.0.1:1", False),
        ("", False),
    ],
)
def test_a_token_stays_on_this_machine_unless_it_is_encrypted_or_told(
    target: str, local: bool
) -> None:
    assert is_local(target) is local
    Access(target)
    if "," not in target:
        Access(target, token=TOKEN, tls=True)
    Access(target, token=TOKEN, tls=Tls(server_name="x"))
    Access(target, token=TOKEN, token_in_the_clear=True)
    if local:
        Access(target, token=TOKEN)
    else:
        with pytest.raises(ValueError, match="in the clear") as caught:
            connect(target, token=TOKEN)
        assert TOKEN not in str(caught.value)


def test_a_certificate_without_its_key_is_refused_before_grpc_ends_the_process() -> None:
    with pytest.raises(ValueError, match="belong together"):
        Tls(certificate=Path("c.pem"))
    with pytest.raises(ValueError, match="belong together"):
        Tls(key=Path("k.pem"))


def test_a_token_is_not_shown() -> None:
    assert TOKEN not in repr(Access("localhost:1", token=TOKEN))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_no_proxy_reads_what_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.create_server((host, 0)) as server:
        for name in ("grpc_proxy", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        for name in ("no_grpc_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        access = Access(f"{host}:{server.getsockname()[1]}", token=TOKEN)
        channel = access.channel(grpc.secure_channel, grpc.insecure_channel, [])
        CatalogServiceStub(channel).GetServerInfo.future(GetServerInfoRequest())
        server.settimeout(60)
        server.accept()[0].close()
        channel.close()
        proxy.settimeout(0)
        with pytest.raises(BlockingIOError):
            proxy.accept()
