"""How long a store that is away is waited for, and since when it is."""

import asyncio

from polycue.jobs.lane import Lane
from polycue.jobs.outage import Outage, looking, patience_s, waiting_at_most


def test_an_outage_lasts_from_the_first_failure_to_the_first_answer() -> None:
    now = [100.0]
    outage = Outage(clock=lambda: now[0])
    assert outage.lasts_s == 0
    outage.failed("refused")
    now[0] += 5
    outage.failed("timed out")
    assert (outage.lasts_s, outage.problem) == (5, "timed out")
    outage.answered()
    now[0] += 5
    assert outage.lasts_s == 0


def test_a_call_waits_no_longer_than_it_may_and_work_as_long_as_the_store_says() -> None:
    assert patience_s(60) == 60
    with waiting_at_most(10):
        assert (patience_s(60), patience_s(3)) == (10, 3)
    assert patience_s(60) == 60


def test_calls_are_refused_at_once_when_it_lasts_longer_than_they_would_wait() -> None:
    now = [0.0]
    outage = Outage(clock=lambda: now[0])
    outage.failed("refused")
    now[0] = 11
    assert not outage.is_hopeless(60)  # work tries anew, and so finds it back
    with waiting_at_most(10):
        assert outage.is_hopeless(60)
    with waiting_at_most(12):
        assert not outage.is_hopeless(60)


def test_who_looks_tries_it_however_long_it_lasts_and_waits_no_longer_than_he_says() -> None:
    now = [0.0]
    outage = Outage(clock=lambda: now[0])
    outage.failed("refused")
    now[0] = 1000
    with looking(1):
        assert not outage.is_hopeless(60)
        assert patience_s(60) == 1
    with waiting_at_most(1):
        assert outage.is_hopeless(60)


def test_what_is_done_in_a_lane_of_calls_has_their_patience() -> None:
    async def scenario() -> None:
        calls, work = Lane("calls", threads=1, store_wait_s=2.0), Lane("work", threads=1)
        assert await calls(patience_s, 60) == 2
        assert await work(patience_s, 60) == 60
        calls.close()
        work.close()

    asyncio.run(scenario())
