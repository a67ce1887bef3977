"""Health as its watchers hear of it, also beside one that does not listen."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from grpc_health.v1 import health_pb2

from polycue.rpc import health
from polycue.rpc.health import Health

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE = "polycue.v1.Transcription"


class Registry:
    """What a server would keep: the handlers that are given to it."""

    def add_generic_rpc_handlers(self, handlers: tuple[Any, ...]) -> None:
        (self._handlers,) = handlers

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.watch = handlers["Watch"].unary_stream
        self.check = handlers["Check"].unary_unary


@dataclass
class Watcher:
    """A call that takes what it is told as soon as it ``listens``."""

    listens: asyncio.Event
    told: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def write(self, answer: health_pb2.HealthCheckResponse) -> None:
        await self.listens.wait()
        self.told.put_nowait(answer.status)


def test_a_status_that_had_to_wait_for_a_watcher_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was dropped after two seconds, and the server called what it had been ever after."""
    monkeypatch.setattr(health, "_STATUS_S", 0.0)

    async def scenario() -> None:
        of_server, registry = Health(), Registry()
        of_server.register(registry)  # type: ignore[arg-type]
        request = health_pb2.HealthCheckRequest(service=SERVICE)
        await of_server.set_serving(SERVICE, is_serving=True)
        watcher = Watcher(asyncio.Event())
        watching = asyncio.create_task(registry.watch(request, watcher))
        await asyncio.sleep(0)
        await of_server.set_serving(SERVICE, is_serving=False)
        await of_server.set_serving(SERVICE, is_serving=True)
        await of_server.set_serving(SERVICE, is_serving=False)
        watcher.listens.set()
        async with asyncio.timeout(60):
            assert await watcher.told.get() == SERVING
            assert await watcher.told.get() == NOT_SERVING
        assert (await registry.check(request, None)).status == NOT_SERVING
        watching.cancel()

    asyncio.run(scenario())
