"""A whole server in the test's own event loop, with a fake pipeline behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from polycue.app.engine import CallPipeline, Engine
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.config import Settings
from polycue.engine.ledger import Ledger
from polycue.rpc.installed import Installed
from polycue.testing.clock import ManualClock
from polycue.testing.installed import FakeInstalled
from polycue.testing.pipeline import FakePipeline
from polycue_client.errors import PolycueClientError
from polycue_client.wire.raised import from_rpc

WAIT_S = 100

Channel = grpc.aio.Channel


async def refused(call: Awaitable[object]) -> PolycueClientError:
    """What a call that must fail is refused with, as a client understands it."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc(caught.value)


async def happened(event: Any) -> None:
    """Come back when another thread has set the event."""
    assert await asyncio.to_thread(event.wait, WAIT_S)


class Serve:
    """Runs a server for as long as a scenario takes; what it stored is there for the next one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = ManualClock()
        self.address = ""

    def __call__(self, scenario: Callable[[grpc.aio.Channel], Awaitable[None]], **how: Any) -> None:
        """``how``: ``pipeline``, what else an ``Engine`` has, and any setting."""

        async def with_channel(channel: grpc.aio.Channel, stop: Stop) -> None:
            await scenario(channel)

        self.stoppable(with_channel, **how)

    def stoppable(
        self, scenario: Callable[[grpc.aio.Channel, Stop], Awaitable[None]], **how: Any
    ) -> None:
        """The scenario may stop the server itself."""

        async def limited() -> None:
            async with asyncio.timeout(WAIT_S):
                await self._run(scenario, **how)

        asyncio.run(limited())

    async def _run(
        self,
        scenario: Callable[[grpc.aio.Channel, Stop], Awaitable[None]],
        *,
        pipeline: CallPipeline | None = None,
        installed: Installed | None = None,
        ready: Callable[[], None] = lambda: None,
        credentials: grpc.ChannelCredentials | None = None,
        up: Callable[[], bool] = lambda: True,
        abandon: Callable[[], None] = lambda: None,
        ledger: Ledger | None = None,
        **settings: Any,
    ) -> None:
        fake: Any = pipeline or FakePipeline()
        engine = Engine(
            *(fake, fake, installed or FakeInstalled(), ready, up, lambda: None),
            abandon=abandon,
            ledger=ledger or Ledger(),
        )
        given: dict[str, Any] = {"listen": "127.0.0.1:0", "data_dir": self._folder, "drain_s": 5.0}
        app, stop = App(Settings(**given | settings), engine, clock=self.clock), Stop()
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(app.serve(stop, on_ready=address.set_result))
        try:
            either: set[asyncio.Future[Any]] = {serving, address}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
            self.address = address.result()
            async with _channel(self.address, credentials) as channel:
                await scenario(channel, stop)
        finally:
            stop.now()
            await serving


def _channel(address: str, credentials: grpc.ChannelCredentials | None) -> Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(address)
    return grpc.aio.secure_channel(address, credentials)
