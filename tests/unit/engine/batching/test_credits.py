from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.credits import Credits, in_all_of, of_request
from polycue.engine.batching.slots import Order

MB = 1_000_000


def order(
    tenant: str, request: str = "", urgency: Urgency = Urgency.BATCH, size: int = MB
) -> Order:
    return Order(Caller(tenant, request, urgency), "k", 30_000, 30_000, size)


HUGE = 1 << 40  # a request may hold as much as there is


def let_in(credits_: Credits, *orders: Order, of_request: int = HUGE) -> list[Order]:
    """Those that get in, one after the other; the others give up."""
    tickets = [(credits_.ask(order, of_request), order) for order in orders]
    entered = [order for ticket, order in tickets if ticket.done()]
    for ticket, _ in tickets:
        credits_.leave(ticket)
    return entered


def test_a_request_holds_no_more_than_its_part() -> None:
    credits_ = Credits(100 * MB)
    assert len(let_in(credits_, *[order("a")] * 5, of_request=3 * MB)) == 3
    assert len(let_in(credits_, *[order("a", "other")] * 5, of_request=3 * MB)) == 3
    credits_.release(order("a"))
    assert len(let_in(credits_, *[order("a")] * 5, of_request=3 * MB)) == 1


def test_a_queue_full_of_films_keeps_room_for_live_callers_and_the_other_way_round() -> None:
    for urgency, other in ((Urgency.BATCH, Urgency.LIVE), (Urgency.LIVE, Urgency.BATCH)):
        credits_ = Credits(16 * MB)
        crowd = [order("a", str(n // 2), urgency) for n in range(40)]
        assert len(let_in(credits_, *crowd, of_request=2 * MB)) == 14
        assert len(let_in(credits_, order("b", "x", other))) == 1


def test_live_callers_come_first_and_then_the_tenant_that_holds_least() -> None:
    credits_ = Credits(8 * MB)
    many = [order("many", str(n)) for n in range(7)]  # all that films may have
    assert let_in(credits_, *many) == many
    few, live = order("few"), order("c", "", Urgency.LIVE, size=2 * MB)
    entered: list[str] = []
    for one in (*many, few, few, live):
        ticket = credits_.ask(one, HUGE)
        ticket.add_done_callback(lambda _, one=one: entered.append(one.caller.tenant))  # type: ignore[misc]
    for gone in many[:4]:
        credits_.release(gone)
    assert entered == ["c", "few", "few", "many"]


def test_who_gives_up_holds_nothing_and_those_behind_get_its_room() -> None:
    credits_ = Credits(8 * MB)
    let_in(credits_, *[order("a")] * 6)
    first, second = (credits_.ask(order("a", size=size), HUGE) for size in (2 * MB, MB))
    assert not first.done()
    assert second.done()  # a small one fits
    credits_.release(order("a"))
    credits_.leave(first)
    assert credits_.held == 6 * MB


def test_a_row_larger_than_all_there_is_goes_in_alone() -> None:
    credits_ = Credits(8 * MB)
    huge = order("a", size=100 * MB)
    let_in(credits_, order("b"))
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
    orders: Sequence[Order], most_mb: int
) -> None:
    credits_ = Credits(6 * MB)
    left = list(orders)
    while left:
        entered = let_in(credits_, *left, of_request=most_mb * MB)
        assert entered  # nobody waits for ever
        assert credits_.held <= 6 * MB
        for caller in {o.caller for o in entered}:
            mine = [o.bytes for o in entered if o.caller == caller]
            assert sum(mine) <= most_mb * MB or len(mine) == 1
        for one in entered:
            credits_.release(one)
            left.remove(one)
    assert credits_.held == 0
    assert repr(credits_) == repr(Credits(6 * MB))


def test_one_request_may_keep_a_device_busy() -> None:
    row = replace(order("a"), bytes=128 * 3000 * 4)
    for at_once in (2, 16, 64):
        credits_ = Credits(in_all_of(16 << 30))
        asked = [row] * (2 * at_once)
        assert len(let_in(credits_, *asked, of_request=of_request(at_once))) == 2 * at_once


@given(st.integers(0, 1 << 45))
def test_what_waits_takes_a_small_part_of_the_machine(memory_bytes: int) -> None:
    assert 64 << 20 <= in_all_of(memory_bytes) <= max(64 << 20, memory_bytes // 32)
    assert in_all_of(memory_bytes) <= 2 << 30
