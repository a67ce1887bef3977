"""A gRPC server bound to its address."""

import grpc

from polycue.domain.errors import AddressUnusable
from polycue.rpc.address import Address


def bind(
    server: grpc.aio.Server, address: Address, credentials: grpc.ServerCredentials | None = None
) -> str:
    """The address with the port that was bound; without ``credentials`` calls are in the clear.

    Raises:
        AddressUnusable: the address is taken, or not this machine's.
    """
    address.require_free()
    try:
        if credentials is None:
            port = server.add_insecure_port(address.text)
        else:
            port = server.add_secure_port(address.text, credentials)
    except RuntimeError as error:
        raise AddressUnusable(address.text, "it is taken, or not this machine's") from error
    return address.with_port(port)
