"""A client's messages, for as long as they keep coming."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from typing import TypeVar

from polycue.domain.errors import TransferStalled

T = TypeVar("T")


async def paced(given: AsyncIterable[T], *, first_s: float, idle_s: float) -> AsyncGenerator[T]:
    """The messages; each may take ``idle_s`` to come, the first ``first_s``. Close it.

    Raises:
        TransferStalled: none came in time. The call must then end: a read that was cancelled takes
            a message with it.
    """
    messages, limit_s = aiter(given), first_s
    while True:
        # Not wait_for: grpc.aio loses the message that comes after a read was cancelled.
        reading = asyncio.ensure_future(anext(messages, None))
        try:
            await asyncio.wait({reading}, timeout=limit_s)
        finally:
            if not reading.done():
                reading.cancel()
        if not reading.done() or reading.cancelled():
            raise TransferStalled(limit_s)
        message = reading.result()
        if message is None:
            return
        yield message
        limit_s = idle_s
