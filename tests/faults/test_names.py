"""Replicas behind one name, as those of a headless service are; each has an address of its own."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polycue_client import connect
from support.fleet import WAIT_S, Fleet, Server
from support.names import Names
from support.replicas import bucket as bucket
from support.replicas import fleet as fleet
from support.replicas import replica

At = Callable[..., Server]
ESTABLISHED = "01"


@pytest.fixture
def at(fleet: Fleet) -> At:
    """Starts a replica at a loopback address; all have the same port."""
    port = replica(fleet, 0).address.rpartition(":")[2]

    def start(host: str, *flags: str) -> Server:
        server = replica(fleet, int(host.rpartition(".")[2]))
        server.address = f"{host}:{port}"
        return server.start(*flags)

    return start


@pytest.fixture
def names() -> Iterator[Names]:
    with Names("127.0.0.2") as one:
        yield one


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def connected(server: Server) -> bool:
    """Whether somebody on this machine holds a connection to it."""
    host, _, port = server.address.rpartition(":")
    number = struct.unpack("<I", socket.inet_aton(host))[0]
    wanted = f"{number:08X}:{int(port):04X}"
    table = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for lines in table for line in lines]
    return any(row[2].endswith(wanted) and row[3] == ESTABLISHED for row in rows)


def test_servers_that_took_the_places_of_all_others_are_found(at: At, names: Names) -> None:
    first = at("127.0.0.2")
    with connect(names.target(port_of(first))) as polycue:
        polycue.server_info()
        second = at("127.0.0.3")
        names.addresses = ("127.0.0.3",)
        assert not connected(second)
        first.kill()
        polycue.server_info()
        assert connected(second)


def test_a_replica_that_came_later_gets_its_part_of_the_calls(at: At, names: Names) -> None:
    """Nobody tells a client of it: it looks when its connection has come of age."""
    first = at("127.0.0.2", "--connection-age-s=1")
    with connect(names.target(port_of(first))) as polycue:
        polycue.server_info()
        second = at("127.0.0.3")
        names.addresses = ("127.0.0.2", "127.0.0.3")
        until_s = time.monotonic() + WAIT_S
        while not connected(second):
            polycue.server_info()
            assert time.monotonic() < until_s, "it was never found"
        assert connected(first)
