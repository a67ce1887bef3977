"""A second small server for those who look after this one: health, reflection, channelz.

Neither the door nor TLS stand before it, as the probes of Kubernetes bring no credentials, and a
server whose callers have taken all places still says how it is. It serves nothing of a tenant's.
"""

import grpc
from grpc_channelz.v1 import channelz
from grpc_reflection.v1alpha import reflection

from polycue.rpc import health
from polycue.rpc.address import Address
from polycue.rpc.binding import bind
from polycue.rpc.health import Health

CHANNELZ = "grpc.channelz.v1.Channelz"

_OPTIONS = (("grpc.so_reuseport", 0),)


class Admin:
    """Made, started and stopped in one event loop."""

    def __init__(self, asked_about: Health, *, services: tuple[str, ...], address: Address) -> None:
        """``services`` are those that reflection tells of, besides its own."""
        self._server, self._address = grpc.aio.server(options=_OPTIONS), address
        asked_about.register(self._server)
        names = [*services, health.NAME, reflection.SERVICE_NAME]
        if address.is_local:  # it tells who is connected to this process
            channelz.add_channelz_servicer(self._server)
            names.append(CHANNELZ)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> str:
        """Answer; returns the address with the port that was bound.

        Raises:
            AddressUnusable: the address is taken, or not this machine's.
        """
        bound = bind(self._server, self._address)
        await self._server.start()
        return bound

    async def stop(self) -> None:
        await self._server.stop(None)
