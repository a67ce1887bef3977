"""The client for asyncio: the methods of ``polycue_client.Polycue``, to be awaited."""

from types import TracebackType
from typing import Self, cast

import grpc

from polycue_client.methods import Methods
from polycue_client.retry import Retry
from polycue_client.wire import channel
from polycue_client.wire.security import Access, Tls
from polycue_client.wire.suspending import SuspendingLine


def connect(
    target: str,
    *,
    timeout_s: float = 30.0,
    clip_timeout_s: float = 600.0,
    retry: Retry | None = None,
    token: str = "",
    tls: Tls | bool = False,
    token_in_the_clear: bool = False,
) -> "AsyncPolycue":
    """As ``polycue_client.connect``, for use in ``async with``; needs a running loop."""
    access = Access(target, token, tls, token_in_the_clear)
    wire = access.channel(grpc.aio.secure_channel, grpc.aio.insecure_channel, channel.options())
    return AsyncPolycue(
        wire, timeout_s=timeout_s, clip_timeout_s=clip_timeout_s, retry=retry or Retry()
    )


class AsyncPolycue(Methods):
    """A connection to a server, for the tasks of one loop.

    Every method raises ``PolycueClientError``. Files are read and written in threads. Close what
    iterates (``contextlib.aclosing``) when you leave it before its end.
    """

    def __init__(
        self, wire: grpc.aio.Channel, *, timeout_s: float, clip_timeout_s: float, retry: Retry
    ) -> None:
        super().__init__(
            SuspendingLine(),
            cast(grpc.Channel, wire),  # the line knows that it is not
            timeout_s=timeout_s,
            clip_timeout_s=clip_timeout_s,
            retry=retry,
        )
        self._wire = wire

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._wire.close()
