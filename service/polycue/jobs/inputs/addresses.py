"""Which addresses may be connected to: public ones, and those the operator names."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from polycue.jobs.inputs.rules import Network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host; raises OSError where it has none."""

_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
# What Python, or some version of it, calls public: protocol assignments of IPv4, where one cloud
# has its metadata; where another's hosts answer each machine; relays; examples.
_NOT_PUBLIC = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24", "3fff::/20"))
)
# In these an IPv4 address travels in disguise.
_DISGUISES = tuple(map(ipaddress.IPv6Network, ("2001::/32", "2002::/16")))


def may_be_reached(address: str, allowed: Sequence[Network]) -> bool:
    """Whether the address is public, or in one of the networks that are allowed all the same."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in allowed if network.version == ip.version):
        return True
    if isinstance(ip, ipaddress.IPv6Address) and (
        ip not in _PUBLIC_V6 or any(ip in network for network in _DISGUISES)
    ):
        return False
    if any(ip in network for network in _NOT_PUBLIC if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system, in a thread that nobody waits for where the wait is cancelled."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str], error: Exception | None) -> None:
        if answer.cancelled():
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(addresses)

    def look_up() -> None:
        addresses, error = list[str](), None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(address[0]) for *_, address in found]
        except (OSError, UnicodeError) as raised:
            error = OSError(str(raised))
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, addresses, error)

    threading.Thread(target=look_up, name="polycue-resolve", daemon=True).start()
    return await answer
