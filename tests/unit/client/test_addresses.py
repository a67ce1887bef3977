import pytest

from polycue_client import Tls, connect
from polycue_client.wire.addresses import target_of


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("polycue.internal:50051", "polycue.internal:50051"),
        ("dns:///polycue.internal:50051", "dns:///polycue.internal:50051"),
        ("unix:/run/polycue.sock", "unix:/run/polycue.sock"),
        ("unix:/run/a,b.sock", "unix:/run/a,b.sock"),
        ("10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("10.0.0.1:1, 10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
        ("[fd00::1]:1,[fd00::2]:2", "ipv6:[fd00::1]:1,[fd00::2]:2"),
        ("ipv4:10.0.0.1:1,10.0.0.2:2", "ipv4:10.0.0.1:1,10.0.0.2:2"),
    ],
)
def test_a_list_of_numbers_becomes_what_grpc_takes_for_one(given: str, target: str) -> None:
    assert target_of(given) == target


@pytest.mark.parametrize("given", ["one:1,two:1", "10.0.0.1:1,two:1", "10.0.0.1:1,[fd00::1]:1"])
def test_a_list_that_grpc_has_no_place_for_is_refused_with_advice(given: str) -> None:
    with pytest.raises(ValueError, match="one name that has all their addresses"):
        connect(given)


@pytest.mark.parametrize("port", ["99999", "0", "x", "-1", ""])
def test_a_port_in_a_list_that_cannot_be_is_named(port: str) -> None:
    with pytest.raises(ValueError, match=f"10.0.0.2:{port} has no port"):
        connect(f"10.0.0.1:1, 10.0.0.2:{port}")


def test_servers_in_a_list_show_certificates_for_a_name_that_is_given() -> None:
    with pytest.raises(ValueError, match="server_name"):
        connect("10.0.0.1:1,10.0.0.2:1", tls=True)
    connect("10.0.0.1:1,10.0.0.2:1", tls=Tls(server_name="polycue.internal")).close()
