import asyncio
import os
import threading

from polycue.app.stop import Stop

WAIT_S = 60


def test_a_server_stops_when_whoever_started_it_is_gone() -> None:
    async def scenario() -> None:
        read, write = os.pipe()
        stop = Stop()
        stop.on_end_of(read)
        os.close(write)
        async with asyncio.timeout(WAIT_S):
            await stop.at_once.wait()
        os.close(read)

    asyncio.run(scenario())


def test_whoever_goes_after_the_server_has_stopped_disturbs_nobody() -> None:
    """Its thread met a loop that was closed, and said so on stderr."""
    read, write = os.pipe()
    before = set(threading.enumerate())

    async def scenario() -> None:
        Stop().on_end_of(read)

    asyncio.run(scenario())
    (waiting,) = set(threading.enumerate()) - before
    os.close(write)
    waiting.join(WAIT_S)
    os.close(read)
    assert not waiting.is_alive()
