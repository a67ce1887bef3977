import asyncio
import threading

import pytest

from polycue import telemetry
from polycue.jobs.lane import Lane

WAIT_S = 60


class Thing:
    def __init__(self, opened: threading.Event, go_on: threading.Event) -> None:
        self.closed = threading.Event()
        THINGS.append(self)
        opened.set()
        assert go_on.wait(WAIT_S)

    def close(self) -> None:
        self.closed.set()


THINGS: list[Thing] = []


def test_what_is_held_is_closed_even_if_the_wait_for_it_is_cancelled() -> None:
    opened, go_on = threading.Event(), threading.Event()

    async def hold(lane: Lane) -> None:
        async with lane.holding(Thing, opened, go_on):
            raise AssertionError("cancelled before it was held")

    async def scenario() -> None:
        lane = Lane("test", threads=2)
        holding = asyncio.create_task(hold(lane))
        assert await asyncio.to_thread(opened.wait, WAIT_S)
        holding.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await holding
        assert THINGS[-1].closed.is_set()
        lane.close()

    asyncio.run(scenario())


def test_what_is_held_is_closed_even_if_the_wait_for_its_end_is_cancelled_too() -> None:
    """The second cancel took the closing back, which had to wait for a thread."""
    go_on, busy, let_go = threading.Event(), threading.Event(), threading.Event()
    go_on.set()

    def keep_busy() -> None:
        busy.set()
        assert let_go.wait(WAIT_S)

    async def hold(lane: Lane, held: asyncio.Event) -> None:
        async with lane.holding(Thing, threading.Event(), go_on):
            held.set()
            await asyncio.Event().wait()

    async def scenario() -> None:
        lane, held = Lane("test", threads=1), asyncio.Event()
        holding = asyncio.create_task(hold(lane, held))
        await held.wait()
        lane.submit(keep_busy)
        assert await asyncio.to_thread(busy.wait, WAIT_S)
        for _ in range(2):
            holding.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await holding
        let_go.set()
        assert await asyncio.to_thread(THINGS[-1].closed.wait, WAIT_S)
        lane.close()

    asyncio.run(scenario())


def test_what_cannot_be_opened_is_not_closed() -> None:
    def fail() -> Thing:
        raise OSError("no such thing")

    async def scenario() -> None:
        lane = Lane("test", threads=1)
        with pytest.raises(OSError, match="no such thing"):
            async with lane.holding(fail):
                raise AssertionError("nothing to hold")
        lane.close()

    asyncio.run(scenario())


def test_log_lines_of_the_work_carry_the_callers_facts() -> None:
    import structlog

    async def scenario() -> None:
        lane = Lane("test", threads=1)
        with telemetry.bound(request_id="r1"):
            assert await lane(structlog.contextvars.get_contextvars) == {"request_id": "r1"}
        assert await lane(structlog.contextvars.get_contextvars) == {}
        lane.close()

    asyncio.run(scenario())
