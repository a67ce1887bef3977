"""Where all of it is kept, and how it is read: the one door to prometheus_client."""

from collections.abc import Callable
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
counter = partial(Counter, registry=REGISTRY)
gauge = partial(Gauge, registry=REGISTRY)
histogram = partial(Histogram, registry=REGISTRY)


def serve(host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Answer GET over HTTP from a thread; returns the port and what ends it.

    Raises:
        OSError: the address is taken, or not this machine's.
    """
    server, thread = start_http_server(port, host, registry=REGISTRY)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, close
