import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest

from polycue.domain.errors import ReaderStalled
from polycue.rpc.access.door import Door
from polycue.rpc.guard import Context, Guard, server_stream

LARGE, SMALL = b"x" * 100_000, b"x"


def test_others_are_answered_between_two_large_requests() -> None:
    order: list[int] = []

    async def scenario() -> None:
        guard = Guard(cast(Door, None), reader_idle_s=60)

        async def parsed(data: bytes) -> None:
            await guard._parsed(data, lambda data: order.append(len(data)))

        await asyncio.gather(parsed(LARGE), parsed(LARGE), parsed(SMALL), parsed(LARGE))

    asyncio.run(scenario())
    assert order[:2] == [len(LARGE), len(SMALL)]
    assert len(order) == 4


def test_a_stream_that_nobody_reads_is_closed_and_says_why() -> None:
    closed: list[object] = []

    class NobodyReads:
        async def write(self, message: object) -> None:
            await asyncio.Event().wait()

    async def scenario() -> None:
        async def messages(request: object, context: object) -> AsyncGenerator[bytes]:
            try:
                yield b"one"
            finally:
                closed.append(request)

        answer = server_stream(messages, idle_s=0.01)
        with pytest.raises(ReaderStalled):
            await answer(b"request", cast(Context, NobodyReads()))

    asyncio.run(scenario())
    assert closed == [b"request"]
