"""Coroutines that are over when they are started: what the synchronous client is made of."""

import asyncio
from collections.abc import AsyncGenerator, Iterator

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client import Polycue
from polycue_client.testing import Event, ScriptedServer
from polycue_client.wire.blocking import each, run


async def halved(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def test_a_coroutine_is_over_with_its_result_or_its_error() -> None:
    assert run(halved(4)) == 2
    with pytest.raises(ValueError, match="3 is odd"):
        run(halved(3))


def test_a_coroutine_that_waits_for_something_else_is_a_fault_and_no_silence() -> None:
    waits = asyncio.sleep(0)
    with pytest.raises(AssertionError, match="something else"):
        run(waits)
    waits.close()


class Held:
    """Something that is open for as long as numbers are told."""

    def __init__(self) -> None:
        self.is_open = False

    async def numbers(self, below: int) -> AsyncGenerator[int]:
        self.is_open = True
        try:
            for number in range(below):
                yield await halved(2 * number)
        finally:
            self.is_open = False


def test_items_come_one_by_one_to_the_last() -> None:
    held = Held()
    assert list(each(held.numbers(3))) == [0, 1, 2]
    assert not held.is_open


def test_leaving_the_loop_closes_what_was_open_for_it() -> None:
    held = Held()
    items = each(held.numbers(3))
    assert next(items) == 0
    assert held.is_open
    items.close()
    assert not held.is_open


def test_the_synchronous_client_works_where_a_loop_runs(
    polycue: Polycue, server: ScriptedServer
) -> None:
    # It holds the loop up, as whoever calls it there must know, and leaves nothing for it to do.
    async def program() -> set[asyncio.Task[None]]:
        source = media_pb2.MediaSource(uri="file:///film.mp4")
        made = [polycue.subtitle(source).name for _ in range(3)]
        newest = next(iter(polycue.jobs()))
        assert newest.name == made[-1]
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(program()) == set()


def test_a_watch_that_was_begun_in_a_loop_outlives_it(
    polycue: Polycue, server: ScriptedServer
) -> None:
    # The loop knew its generator, and closed it: the job seemed to have told all there was.
    states = [jobs_pb2.JOB_STATE_RUNNING, jobs_pb2.JOB_STATE_SUCCEEDED]
    server.scripts.append(lambda spec: [Event(job=jobs_pb2.Job(state=state)) for state in states])

    async def program() -> Iterator[Event]:
        events = polycue.watch(polycue.subtitle(media_pb2.MediaSource(uri="file:///film.mp4")))
        assert next(events).job.state == jobs_pb2.JOB_STATE_RUNNING
        return events

    events = asyncio.run(program())
    assert [event.job.state for event in events] == [jobs_pb2.JOB_STATE_SUCCEEDED]
