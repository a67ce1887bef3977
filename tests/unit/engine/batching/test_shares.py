"""Who gets how much of the work, on an imaginary device whose clock only events move."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.fairness import Ring
from polycue.engine.batching.filling import Queue
from polycue.engine.batching.slots import LONGEST_ROW, Lane, Order, Slot, State
from polycue.testing.rota import Asked, Ran, Rota, work_at

SPEED = 200.0  # tokens a second: a full row takes about one


@dataclass(frozen=True)
class Film:
    """A request that always has ``ahead`` rows under way, of these lengths, over and over."""

    caller: Caller
    key: str
    lengths_ms: tuple[int, ...]
    ahead: int
    again_every: int = 0

    def order(self, n: int) -> Order:
        ms = self.lengths_ms[n % len(self.lengths_ms)]
        again = self.again_every > 0 and n % self.again_every == 0
        key = f"{self.key}, hot" if again else self.key
        return Order(self.caller, key, ms, ms, 960_000, again)


def played(films: Sequence[Film], seconds: float, *, max_rows: int, workers: int = 1) -> Rota:
    asked = Counter[Caller]()

    def another(film: Film, now_s: float) -> Asked:
        asked[film.caller] += 1
        return Asked(now_s, film.order(asked[film.caller] - 1))

    by_caller = {film.caller: film for film in films}
    rota = Rota(
        work_at(SPEED),
        max_rows=max_rows,
        workers=workers,
        ended=lambda slot, now_s: [another(by_caller[slot.order.caller], now_s)],
    )
    rota.ask(*(another(film, 0.0) for film in films for _ in range(film.ahead)))
    rota.run(until_s=seconds)
    return rota


def work_by_tenant(batches: Sequence[Ran]) -> Counter[str]:
    found = Counter[str]()
    for batch in batches:
        for slot in batch.slots:
            found[slot.order.caller.tenant] += slot.order.work
    return found


def films_of(tenant: str, key: st.SearchStrategy[str]) -> st.SearchStrategy[list[Film]]:
    one = st.builds(
        Film,
        st.just(Caller()),
        key,
        st.lists(st.integers(0, 30_000), min_size=1, max_size=5).map(tuple),
        st.integers(16, 40),
    )
    return st.lists(one, min_size=1, max_size=6).map(
        lambda films: [replace(f, caller=Caller(tenant, str(n))) for n, f in enumerate(films)]
    )


@settings(deadline=None, max_examples=25)
@given(
    films_of("a", st.sampled_from("kl")),
    films_of("b", st.sampled_from("kl")),
    st.sampled_from([(1, 1), (2, 2), (2, 8), (16, 1), (8, 2)]),
)
def test_two_tenants_get_equal_shares_whatever_they_ask_for(
    of_a: list[Film], of_b: list[Film], shape: tuple[int, int]
) -> None:
    max_rows, workers = shape
    rota = played([*of_a, *of_b], 200, max_rows=max_rows, workers=workers)
    work = work_by_tenant(rota.batches)
    a_batch = max_rows * LONGEST_ROW
    assert abs(work["a"] - work["b"]) <= (2 + workers) * a_batch  # savings, and what runs


def test_one_film_beside_twenty_gets_half() -> None:
    films = [Film(Caller("one", "x"), "k", (30_000, 2_000), 8)]
    films += [Film(Caller("many", str(n)), "kl"[n % 2], (25_000,), 8) for n in range(20)]
    work = work_by_tenant(played(films, 500, max_rows=2, workers=2).batches)
    assert 0.98 < work["one"] / work["many"] < 1.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (4, 2)])
def test_any_eighty_rows_in_a_row_are_within_a_tenth_of_equal_shares(
    shape: tuple[int, int],
) -> None:
    max_rows, workers = shape
    films = [Film(Caller("one", "x"), "k", (30_000,), 32)]
    films += [Film(Caller("many", str(n)), "kl"[n % 2], (30_000,), 8) for n in range(20)]
    rota = played(films, 500, max_rows=max_rows, workers=workers)
    served = [slot.order.caller.tenant for batch in rota.batches for slot in batch.slots]
    assert len(served) > 200
    for first in range(len(served) - 80):
        share = Counter(served[first : first + 80])
        assert abs(share["one"] - share["many"]) / 80 <= 0.1


def test_requests_of_one_tenant_get_equal_shares_too() -> None:
    films = [
        Film(Caller("a", "long rows"), "k", (30_000,), 40),
        Film(Caller("a", "short rows"), "k", (500,), 8),
        Film(Caller("a", "another key"), "l", (10_000, 20_000), 8),
    ]
    rota = played(films, 1000, max_rows=4)
    work = Counter[str]()
    for batch in rota.batches:
        for slot in batch.slots:
            work[slot.order.caller.request] += slot.order.work
    assert max(work.values()) < 1.1 * min(work.values())


def test_who_comes_late_gets_an_equal_share_from_then_on_and_nothing_for_before() -> None:
    early = Film(Caller("early", "x"), "k", (30_000,), 16)
    late = [Asked(500.0, Film(Caller("late", "y"), "k", (30_000,), 1).order(0)) for _ in range(200)]
    rota = Rota(
        work_at(SPEED),
        max_rows=4,
        ended=lambda slot, now_s: (
            [Asked(now_s, early.order(0))] if slot.order.caller == early.caller else []
        ),
    )
    rota.ask(*(Asked(0.0, early.order(0)) for _ in range(16)), *late)
    rota.run(until_s=650)
    work = work_by_tenant([batch for batch in rota.batches if 500 <= batch.begun_s < 640])
    assert 0.9 < work["early"] / work["late"] < 1.1


def test_what_memory_put_back_costs_its_caller_nothing() -> None:
    queue: Queue[Slot] = Queue(2)
    for number, (tenant, key) in enumerate([("a", "k"), ("b", "l")] * 40):  # never in one batch
        slot = Slot(number, Film(Caller(tenant, "x"), key, (30_000,), 1).order(0), 0.0)
        queue.add(slot, 0.0)
        queue.made(slot, 0.0)
    served, vain = Counter[str](), 0
    while served.total() < 40:
        batch = queue.take(2, idle=1, now_s=0.0)
        tenant = batch[0].order.caller.tenant
        for slot in batch:
            slot.become(State.RUNNING)
            if tenant == "a" and vain < 6:
                vain += 1
                queue.put_back(slot)
            else:
                served[tenant] += 1
    assert abs(served["a"] - served["b"]) <= 2


@settings(deadline=None, max_examples=20)
@given(
    films_of("live", st.just("k")),
    films_of("films", st.sampled_from("kl")),
    st.sampled_from([(1, 1), (2, 2), (16, 1)]),
)
def test_while_both_wait_neither_class_gets_less_than_half_of_the_work_for_long(
    live: list[Film], films: list[Film], shape: tuple[int, int]
) -> None:
    live = [replace(f, caller=replace(f.caller, urgency=Urgency.LIVE)) for f in live]
    max_rows, workers = shape
    rota = played([*live, *films], 250, max_rows=max_rows, workers=workers)
    work = work_by_tenant(rota.batches)
    assert 0.9 < work["live"] / work["films"] < 1.1


def test_a_live_row_behind_films_waits_for_the_running_batch_only() -> None:
    films = [Film(Caller("films", str(n)), "k", (30_000,), 16) for n in range(5)]
    clip = Asked(100.1, Film(Caller("b", "x", Urgency.LIVE), "k", (10_000,), 1).order(0))
    rota = Rota(
        work_at(SPEED),
        max_rows=4,
        ended=lambda slot, now_s: (
            [Asked(now_s, slot.order)] if slot.order.caller.tenant == "films" else []
        ),
    )
    rota.ask(*(Asked(0.0, film.order(0)) for film in films for _ in range(film.ahead)), clip)
    rota.run(until_s=150)
    at = next(
        n for n, b in enumerate(rota.batches) if b.slots[0].order.caller.urgency is Urgency.LIVE
    )
    before, own, *after = rota.batches[at - 1 :]
    assert before.begun_s < 100.1 < before.ended_s == own.begun_s
    for batch in after:  # as long as it may come back, batches are kept short for it
        own_limit = 2 if batch.begun_s < own.ended_s + 10 else 4
        assert len(batch.slots) == own_limit


@settings(deadline=None, max_examples=20)
@given(
    st.integers(1, 16),
    st.integers(1, 4),
    st.lists(st.integers(1, 200), min_size=1, max_size=5),
    st.booleans(),
)
def test_a_doubtful_row_is_passed_over_for_so_much_work_and_no_more(
    max_rows: int, workers: int, doubtful_at_s: list[int], live: bool
) -> None:
    urgency = Urgency.LIVE if live else Urgency.BATCH
    crowd = [Film(Caller(t, t, urgency), "k", (30_000,), 4 * max_rows * workers) for t in "abc"]
    doubtful = Film(Caller("d", "d"), "k", (30_000,), 0, again_every=1)
    rota = Rota(
        work_at(SPEED),
        max_rows=max_rows,
        workers=workers,
        ended=lambda slot, now_s: [] if slot.order.again else [Asked(now_s, slot.order)],
    )
    rota.ask(*(Asked(0.0, film.order(0)) for film in crowd for _ in range(film.ahead)))
    rota.ask(*(Asked(float(at_s), doubtful.order(0)) for at_s in doubtful_at_s))
    rota.run(until_s=1200)
    for slot in (slot for slot in rota.slots if slot.order.again):
        served = next(batch for batch in rota.batches if slot in batch.slots)
        between = [b for b in rota.batches if slot.asked_s <= b.begun_s < served.begun_s]
        passed = sum(s.order.work for b in between for s in b.slots)
        a_batch = max_rows * LONGEST_ROW
        rows = min(max_rows, len(doubtful_at_s))  # those that it was gathered with
        assert passed <= (7 * rows * LONGEST_ROW + a_batch) * max(1, len(doubtful_at_s) - rows + 1)


def test_doubtful_rows_gather_and_have_batches_of_their_own() -> None:
    films = [Film(Caller(t, t), "k", (30_000,), 12, again_every=8) for t in "ab"]
    rota = played(films, 1000, max_rows=4)
    hot = [batch for batch in rota.batches if batch.slots[0].order.again]
    assert all(s.order.lane is Lane.AGAIN for batch in hot for s in batch.slots)
    assert sum(len(batch.slots) for batch in hot) > 2 * len(hot)


def test_rows_of_one_length_share_a_batch_and_none_is_passed_over_twice() -> None:
    film = Film(Caller("a", "a"), "k", (30_000, 1_000), 16)
    rota = played([film], 300, max_rows=4)
    torn = [
        abs(one.order.speech_ms - other.order.speech_ms)
        for batch in rota.batches
        for one, other in pairwise(batch.slots)
    ]
    assert torn.count(0) > 10 * torn.count(29_000)
    for number, batch in enumerate(rota.batches, start=1):
        assert all(slot.passed_in in {0, number - 1} for slot in batch.slots)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["enter", "leave", "next", "charge"]),
            st.integers(0, 4),
            st.integers(0, 500),
        )
    )
)
def test_who_waits_always_gets_a_turn_and_whoever_left_without_debts_is_forgotten(
    events: list[tuple[str, int, int]],
) -> None:
    ring: Ring[int] = Ring(savings=4 * LONGEST_ROW)
    waiting = set[int]()
    for what, member, work in events:
        if what == "enter":
            ring.enter(member)
            waiting.add(member)
        elif what == "leave":
            ring.leave(member)
            waiting.discard(member)
        elif what == "charge":
            ring.charge(member, work)
        else:
            turn = ring.next(lambda m: m in waiting)
            assert (turn in waiting) if waiting else turn is None
    for member in list(waiting):
        ring.leave(member)
    ring.enter(9)
    for _ in range(1000):  # others pay off as rounds go by
        assert ring.next(lambda m: m == 9) == 9
        ring.charge(9, LONGEST_ROW)
    assert len(ring) == 1
