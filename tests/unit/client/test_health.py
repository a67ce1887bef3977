"""``polycue health`` against gRPC's own health service."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from polycue_client.cli.app import run

Answer = health_pb2.HealthCheckResponse


class Server:
    """A gRPC server that has nothing but a state of health."""

    def __init__(self) -> None:
        self.servicer = health.HealthServicer()
        self._grpc = grpc.server(ThreadPoolExecutor(2))
        health_pb2_grpc.add_HealthServicer_to_server(self.servicer, self._grpc)
        self.address = f"localhost:{self._grpc.add_insecure_port('localhost:0')}"
        self._grpc.start()

    def stop(self) -> None:
        self._grpc.stop(None).wait()


@pytest.fixture
def patient() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def check(address: str) -> int:
    return run(["health", "--server", address])


def test_a_server_that_serves_is_ready(patient: Server, capsys: pytest.CaptureFixture[str]) -> None:
    patient.servicer.set("", Answer.SERVING)
    assert check(patient.address) == 0
    assert capsys.readouterr().out == "ready\n"


@pytest.mark.parametrize("status", [Answer.NOT_SERVING, Answer.UNKNOWN])
def test_a_server_that_drains_or_starts_is_not_ready(
    patient: Server, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    patient.servicer.set("", status)
    assert check(patient.address) == 1
    assert "not ready" in capsys.readouterr().err


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as held:  # so that nobody else is given the port, and listens
        held.bind(("127.0.0.1", 0))
        assert check(f"127.0.0.1:{held.getsockname()[1]}") == 3


def test_a_server_that_accepts_and_says_nothing_is_unreachable_in_time() -> None:
    # What a process looks like that is stopped, or out of threads.
    with socket.create_server(("localhost", 0)) as silent:
        address = f"localhost:{silent.getsockname()[1]}"
        assert run(["health", "--server", address, "--timeout", "0.2"]) == 3


def test_without_an_address_it_says_where_to_put_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["health"]) == 2
    assert "POLYCUE_SERVER" in capsys.readouterr().err


def test_it_sends_no_token_so_it_may_ask_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCUE_TOKEN", "a secret")
    # An address of another machine, which nobody has (RFC 5737): refused it would be with 2.
    assert run(["health", "--server", "192.0.2.1:50052", "--timeout", "0.1"]) == 3


def test_servers_that_cannot_be_listed_are_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("one:1,two:1") == 2
    assert "one name that has all their addresses" in capsys.readouterr().err
