from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.credits import Credits
from polycue.engine.batching.slots import Order

MB = 1_000_000


def order(
    tenant: str, request: str = "", urgency: Urgency = Urgency.BATCH, size: int = MB
) -> Order:
    return Order(Caller(tenant, request, urgency), "k", 30_000, 30_000, size)


def let_in(credits_: Credits, *orders: Order) -> list[Order]:
    """All at the door at once, until nobody may enter any more; in the order they got in."""
    tickets = {credits_.arrive(order): order for order in orders}
    entered = []
    while may := [ticket for ticket in tickets if credits_.may_enter(ticket)]:
        assert len(may) == 1  # there is never a race
        entered.append(tickets.pop(may[0]))
        credits_.leave(may[0])
        credits_.hold(entered[-1])
    for ticket in tickets:
        credits_.leave(ticket)
    return entered


def test_a_request_holds_no_more_than_its_part() -> None:
    credits_ = Credits(of_request=3 * MB, in_all=100 * MB)
    assert len(let_in(credits_, *[order("a")] * 5)) == 3
    assert len(let_in(credits_, *[order("a", "other")] * 5)) == 3
    credits_.release(order("a"))
    assert len(let_in(credits_, *[order("a")] * 5)) == 1


def test_a_queue_full_of_films_keeps_room_for_live_callers_and_the_other_way_round() -> None:
    for urgency, other in ((Urgency.BATCH, Urgency.LIVE), (Urgency.LIVE, Urgency.BATCH)):
        credits_ = Credits(of_request=2 * MB, in_all=16 * MB)
        crowd = [order("a", str(n // 2), urgency) for n in range(40)]
        assert len(let_in(credits_, *crowd)) == 14
        assert len(let_in(credits_, order("b", "x", other))) == 1


def test_live_callers_come_first_and_then_the_tenant_that_holds_least() -> None:
    credits_ = Credits(of_request=8 * MB, in_all=16 * MB)
    for n in range(3):
        credits_.hold(order("many", str(n)))
    films = [order("many", str(n)) for n in range(3, 9)]
    entered = let_in(credits_, *films, order("few"), order("few"), order("c", "", Urgency.LIVE))
    assert [o.caller.tenant for o in entered[:3]] == ["c", "few", "few"]


def test_a_row_larger_than_all_there_is_goes_in_alone() -> None:
    credits_ = Credits(of_request=MB, in_all=8 * MB)
    huge = order("a", size=100 * MB)
    credits_.hold(order("b"))
    assert let_in(credits_, huge) == []
    credits_.release(order("b"))
    assert let_in(credits_, huge) == [huge]


ORDERS = st.builds(
    order,
    st.sampled_from("ab"),
    st.sampled_from("xy"),
    st.sampled_from(Urgency),
    st.integers(1, 2 * MB),
)


@given(st.lists(ORDERS, max_size=30), st.integers(1, 3))
def test_the_limits_hold_whoever_comes_and_all_is_free_in_the_end(
    orders: Sequence[Order], of_request: int
) -> None:
    credits_ = Credits(of_request=of_request * MB, in_all=6 * MB)
    left = list(orders)
    while left:
        entered = let_in(credits_, *left)
        assert entered  # nobody waits for ever
        assert credits_.held <= 6 * MB
        for caller in {o.caller for o in entered}:
            mine = [o.bytes for o in entered if o.caller == caller]
            assert sum(mine) <= of_request * MB or len(mine) == 1
        for one in entered:
            credits_.release(one)
            left.remove(one)
    assert credits_.held == 0
    assert repr(credits_) == repr(Credits(of_request=MB, in_all=6 * MB))


def test_the_credits_are_enough_for_one_request_to_keep_a_device_busy() -> None:
    for at_once in (2, 16, 64):
        credits_ = Credits.for_rows(at_once)
        row = replace(order("a"), bytes=128 * 3000 * 4)
        assert len(let_in(credits_, *[row] * (2 * at_once))) == 2 * at_once
