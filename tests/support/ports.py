"""Ports for servers that are given theirs beforehand, or come back to the one they had."""

import random
import socket
from contextlib import closing
from pathlib import Path

_FIRST = 20_000
_KERNELS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_chance = random.SystemRandom()  # hypothesis seeds the other one alike in all processes


def free_port() -> int:
    """One that no other test on this machine is given for as long as this process lives.

    It lies below those that the kernel gives away: of these, one that is free now may be some
    client's, or whoever's that asks for any, by the time when it is bound.
    """
    ports = range(_FIRST, int(_KERNELS.read_text().split()[0])) or range(_FIRST, 2 * _FIRST)
    while not (_is_ours(port := _chance.choice(ports)) and _is_free(port)):
        pass
    return port


def _is_ours(port: int) -> bool:
    """A name outside the file system, which goes with the process, says whose a port is."""
    mark = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        mark.bind(f"\0polycue-test-port-{port}")
    except OSError:
        mark.close()
        return False
    mark.detach()  # held to the end
    return True


def _is_free(port: int) -> bool:
    try:
        with closing(socket.create_server(("", port))):
            return True
    except OSError:
        return False
