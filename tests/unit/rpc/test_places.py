"""Places for calls: bounded, waited for, and shared fairly."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import Draining, TooManyCalls
from polycue.rpc.access.callers import Kind
from polycue.rpc.access.places import Places

WAIT_S = 60
PATIENT_S = 600.0


def within(scenario: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(WAIT_S):
            await scenario()

    asyncio.run(limited())


async def settled() -> None:
    """Let every task go as far as it can by itself."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_without_patience_the_next_one_is_refused_until_a_place_is_free() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 2)
        give_back = await places.take("a")
        async with places.held("b"):
            with pytest.raises(TooManyCalls) as caught:
                await places.take("c")
            assert (caught.value.limit, caught.value.retry_after_s) == (2, 5)
        give_back()
        async with places.held("c"), places.held("c"):
            assert "2 of 2" in repr(places)

    within(scenario)


def test_a_tenant_may_have_fewer_than_there_are() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 3, most_of={"a": 1}.get)
        async with places.held("a"), places.held("b"), places.held("b"):
            pass
        async with places.held("a"):
            with pytest.raises(TooManyCalls) as caught:
                await places.take("a")
            assert caught.value.limit == 1

    within(scenario)


def test_one_tenant_with_many_calls_does_not_keep_another_waiting() -> None:
    async def scenario() -> None:
        places, order = Places(Kind.CLIPS, 2, patience_s=PATIENT_S), list[str]()
        go = asyncio.Semaphore(0)

        async def call(tenant: str) -> None:
            async with places.held(tenant):
                order.append(tenant)
                await go.acquire()

        greedy = [asyncio.create_task(call("greedy")) for _ in range(5)]
        await settled()
        late = asyncio.create_task(call("late"))
        await settled()
        assert order == ["greedy", "greedy"]
        go.release()
        await settled()
        assert order == ["greedy", "greedy", "late"]
        for _ in range(5):
            go.release()
        await asyncio.gather(*greedy, late)

    within(scenario)


@pytest.mark.parametrize("at_once", [1, 3, 4])
def test_two_tenants_that_always_want_more_get_the_same(at_once: int) -> None:
    """However much more often one of them asks, within a tenth."""

    async def scenario() -> None:
        places, served = Places(Kind.TEXTS, at_once, patience_s=PATIENT_S), Counter[str]()
        pick = random.Random(7)

        async def client(tenant: str) -> None:
            while served.total() < 400:
                async with places.held(tenant):
                    served[tenant] += 1
                    for _ in range(pick.randrange(1, 6)):
                        await asyncio.sleep(0)

        many = [client("many") for _ in range(2 * at_once)]
        await asyncio.gather(*many, *(client("few") for _ in range(at_once)))
        assert abs(served["many"] - served["few"]) <= 0.1 * served["few"]

    within(scenario)


def test_whoever_waits_too_long_is_refused_and_keeps_nothing() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 1, patience_s=0.01)
        async with places.held("a"):
            with pytest.raises(TooManyCalls):
                await places.take("b")
        async with places.held("b"):
            pass

    within(scenario)


def test_no_more_wait_than_there_is_use_for() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 1, patience_s=PATIENT_S)
        give_back = await places.take("a")
        waiting = [asyncio.create_task(places.take("a")) for _ in range(4)]
        await settled()
        with pytest.raises(TooManyCalls):
            await places.take("a")
        other = asyncio.create_task(places.take("b"))
        await settled()
        give_back()
        await settled()
        assert other.done()
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()

    within(scenario)


def test_a_place_given_to_somebody_who_just_left_goes_to_the_next() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 1, patience_s=PATIENT_S)
        give_back = await places.take("a")
        leaving, staying = (asyncio.create_task(places.take("b")) for _ in range(2))
        await settled()
        give_back()
        leaving.cancel()  # it was given the place, and has not noticed yet
        await settled()
        assert leaving.cancelled()
        (await staying)()
        async with places.held("c"):
            pass

    within(scenario)


def test_a_server_that_stops_lets_nobody_wait() -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, 1, patience_s=PATIENT_S)
        async with places.held("a"):
            waiting = asyncio.create_task(places.take("b"))
            await settled()
            places.shut()
            with pytest.raises(Draining):
                await waiting
        with pytest.raises(Draining):
            await places.take("c")

    within(scenario)


@given(
    limit=st.integers(1, 3),
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["take", "give", "leave"]))),
)
def test_places_are_never_lost_and_never_given_twice(
    limit: int, steps: list[tuple[str, str]]
) -> None:
    async def scenario() -> None:
        places = Places(Kind.CLIPS, limit, most_of={"c": 1}.get, patience_s=PATIENT_S)
        calls: list[tuple[str, asyncio.Task[Callable[[], None]]]] = []
        for tenant, step in steps:
            mine = [call for call in calls if call[0] == tenant]
            inside = [call for call in mine if call[1].done()]
            waiting = [call for call in mine if not call[1].done()]
            if step == "take" and len(waiting) < limit:
                calls.append((tenant, asyncio.create_task(places.take(tenant))))
            elif step == "give" and inside:
                calls.remove(inside[0])
                inside[0][1].result()()
            elif step == "leave" and waiting:
                calls.remove(waiting[0])
                waiting[0][1].cancel()
            await settled()
            held = Counter(tenant for tenant, task in calls if task.done())
            asking = {tenant for tenant, task in calls if not task.done()}
            assert held.total() <= limit
            assert held["c"] <= 1
            assert held.total() == limit or asking <= {"c"}, "a place lies idle"
            assert "c" not in asking or held["c"] == 1 or held.total() == limit
        for _, task in calls:
            task.cancel()

    within(scenario)
