import socket
from pathlib import Path

import pytest

from polycue.domain.errors import AddressUnusable, InsecureAddress
from polycue.rpc.address import Address


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("127.0.0.1:50051", True),
        ("127.9.9.9:0", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("unix:/run/polycue.sock", True),
        ("unix:///run/polycue.sock", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.168.0.1:1", False),
        ("polycue.example.org:1", False),
        ("localhost.example.org:1", False),
        ("[::ffff:10.0.0.1]:1", False),
    ],
)
def test_only_this_machine_is_safe_in_the_clear(text: str, is_local: bool) -> None:
    address = Address.parse(text)
    assert address.is_local is is_local
    address.require_safe(encrypted=False, authenticated=False, insecure=True)
    address.require_safe(encrypted=True, authenticated=True, insecure=False)
    if is_local:
        address.require_safe(encrypted=False, authenticated=False, insecure=False)
        return
    for encrypted, authenticated, missing in (
        (False, True, "in the clear: give --tls-cert and --tls-key; use"),
        (True, False, "anybody could call: give --tokens-file or --tls-client-ca"),
        (False, False, "and --tls-key, and --tokens-file or --tls-client-ca"),
    ):
        with pytest.raises(InsecureAddress, match=missing):
            address.require_safe(encrypted=encrypted, authenticated=authenticated, insecure=False)


@pytest.mark.parametrize(
    "text",
    ["", "50051", ":1", "host:", "host:99999", "a:b:1", "unix:", "unix:s", "unix:/" + "x" * 200],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(AddressUnusable):
        Address.parse(text)


def test_the_bound_port_is_told() -> None:
    assert Address.parse("127.0.0.1:0").with_port(7) == "127.0.0.1:7"
    assert Address.parse("[::1]:0").with_port(7) == "[::1]:7"
    assert Address.parse("unix:///a").with_port(1) == "unix:/a"


def test_a_socket_that_answers_is_taken_and_a_dead_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "s"
    address = Address.parse(f"unix:{path}")
    address.require_free()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with pytest.raises(AddressUnusable, match="another server answers"):
            address.require_free()
    assert path.exists()
    address.require_free()
