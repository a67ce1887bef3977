"""What ``grpc.health.v1`` says of this server, to everybody who asks."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from polycue import metrics

NAME: str = health.SERVICE_NAME

# HealthServicer writes to its watchers under a lock; one that reads nothing holds it.
_STATUS_S = 2.0


class Health:
    """One for all servers of a process. For one event loop."""

    def __init__(self) -> None:
        self._servicer = health.aio.HealthServicer()
        self._services: set[str] = set()
        self._telling: set[asyncio.Task[None]] = set()

    def register(self, server: grpc.aio.Server) -> None:
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def set_serving(self, service: str, *, is_serving: bool) -> None:
        answer = health_pb2.HealthCheckResponse
        status = answer.SERVING if is_serving else answer.NOT_SERVING
        self._services.add(service)
        _count(service, is_serving)
        await self._tell(self._servicer.set(service, status))

    async def stop_serving(self) -> None:
        """Tell load balancers, for good, that nothing here serves any more."""
        for service in self._services:
            _count(service, False)
        await self._tell(self._servicer.enter_graceful_shutdown())

    async def _tell(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for it a while only; it is done all the same, each in its turn, once it can be."""
        task = asyncio.create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        await asyncio.wait({task}, timeout=_STATUS_S)


def _count(service: str, is_serving: bool) -> None:
    """Of the server as a whole, which has no name, it is known by whether it can be asked."""
    if service:
        metrics.SERVING.labels(service.rpartition(".")[2]).set(is_serving)
