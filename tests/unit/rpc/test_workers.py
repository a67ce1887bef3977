import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Draining, TooManyCalls, TransferStalled
from polycue.rpc.access.callers import Kind
from polycue.rpc.access.places import Places
from polycue.rpc.gate import Gate
from polycue.rpc.paced import paced
from polycue.rpc.workers import Workers

WAIT_S = 60
Put = Callable[[int], None]


def within(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(WAIT_S):
            await scenario()

    asyncio.run(limited())


async def happened(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, WAIT_S)


class Pause:
    """Work that hands over a number, and then waits until it is let go or cancelled."""

    def __init__(self) -> None:
        self.reached, self.go, self.stopped = (threading.Event() for _ in range(3))

    def __call__(self, cancel: CancelToken, put: Put) -> None:
        put(1)
        self.reached.set()
        cancel.on_cancel(self.go.set)
        assert self.go.wait(WAIT_S)
        try:
            cancel.check()
        finally:
            self.stopped.set()


def test_all_that_is_handed_over_comes_in_order() -> None:
    async def scenario() -> None:
        workers = Workers("test", Places(Kind.CLIPS, 1))

        def count(cancel: CancelToken, put: Put) -> None:
            for number in range(1000):
                put(number)

        assert [n async for n in workers.stream(count)] == list(range(1000))
        workers.close()

    within(scenario)


def test_the_work_is_never_far_ahead_of_its_reader() -> None:
    async def scenario() -> None:
        workers, done = Workers("test", Places(Kind.CLIPS, 1)), [0]

        def count(cancel: CancelToken, put: Put) -> None:
            for number in range(1000):
                put(number)
                done[0] += 1

        read = 0
        async for _ in workers.stream(count):
            read += 1
            assert done[0] <= read + 65
        workers.close()

    within(scenario)


def test_an_error_comes_after_what_was_handed_over() -> None:
    async def scenario() -> None:
        workers, seen = Workers("test", Places(Kind.CLIPS, 1)), list[int]()

        def fail(cancel: CancelToken, put: Put) -> None:
            put(1)
            raise ValueError("boom")

        async def read() -> None:
            async for number in workers.stream(fail):
                seen.append(number)

        with pytest.raises(ValueError, match="boom"):
            await read()
        assert seen == [1]
        workers.close()

    within(scenario)


def test_closing_the_stream_cancels_the_work_and_frees_its_place() -> None:
    async def scenario() -> None:
        workers, pause = Workers("test", Places(Kind.CLIPS, 1)), Pause()
        async with aclosing(workers.stream(pause)) as numbers:
            assert await anext(numbers) == 1
            await happened(pause.reached)
        await happened(pause.stopped)
        while workers._working:
            await asyncio.to_thread(threading.Event().wait, 0)
        assert await workers.answer(lambda cancel: 5) == 5
        workers.close()

    within(scenario)


def test_a_writer_that_waits_for_room_is_woken_by_the_cancel() -> None:
    async def scenario() -> None:
        workers, ended = Workers("test", Places(Kind.CLIPS, 1)), threading.Event()

        def flood(cancel: CancelToken, put: Put) -> None:
            try:
                while True:
                    put(1)
            finally:
                ended.set()

        async with aclosing(workers.stream(flood)) as numbers:
            await anext(numbers)
        await happened(ended)
        workers.close()

    within(scenario)


def test_more_than_there_are_places_for_is_refused() -> None:
    async def scenario() -> None:
        workers, pause = Workers("test", Places(Kind.CLIPS, 1)), Pause()
        async with aclosing(workers.stream(pause)) as numbers:
            await anext(numbers)
            with pytest.raises(TooManyCalls) as caught:
                await workers.answer(lambda cancel: 5)
            assert caught.value.limit == 1
        workers.close()

    within(scenario)


def test_an_interrupt_is_told_as_draining() -> None:
    async def scenario() -> None:
        workers, pause = Workers("test", Places(Kind.CLIPS, 1)), Pause()
        numbers = workers.stream(pause)
        await anext(numbers)
        await happened(pause.reached)
        workers.interrupt()
        with pytest.raises(Draining):
            await anext(numbers)
        workers.close()

    within(scenario)


def test_a_stray_cancel_is_not_taken_for_the_servers_end() -> None:
    async def scenario() -> None:
        workers = Workers("test", Places(Kind.CLIPS, 1))

        def stop(cancel: CancelToken) -> int:
            raise Cancelled

        with pytest.raises(Cancelled):
            await workers.answer(stop)
        workers.close()

    within(scenario)


def test_a_gate_that_is_shut_lets_nobody_in_and_tells_when_it_is_empty() -> None:
    async def scenario() -> None:
        gate = Gate()
        with gate.enter():
            gate.shut()
            with pytest.raises(Draining), gate.enter():
                pass
            assert not await gate.emptied(within_s=0)
        assert await gate.emptied(within_s=0)

    within(scenario)


def test_messages_that_keep_coming_pass_and_silence_is_an_error() -> None:
    async def scenario() -> None:
        async def messages() -> AsyncIterator[int]:
            yield 1
            yield 2
            await asyncio.Event().wait()

        coming = paced(messages(), first_s=WAIT_S, idle_s=0.01)
        seen = [await anext(coming), await anext(coming)]
        with pytest.raises(TransferStalled):
            await anext(coming)
        assert seen == [1, 2]

    within(scenario)


def test_the_end_of_the_messages_is_the_end() -> None:
    async def scenario() -> None:
        async def messages() -> AsyncIterator[int]:
            yield 1

        assert [n async for n in paced(messages(), first_s=1, idle_s=1)] == [1]

    within(scenario)
