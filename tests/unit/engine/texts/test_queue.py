"""Which texts make the next call; the clock is one of tokens done."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.translation import Search
from polycue.engine.texts.queue import Asked, Call, TextQueue
from polycue.translation.lengths import step_of

BEST, MANY = Search(), Search(hypotheses=4)
ROOM = 512


def call_of(queue: TextQueue, *lengths: int, name: str = "", search: Search = BEST) -> Call:
    """A call in progress, a text for each length in tokens."""
    call = Call(search)
    queue.begin(call)
    for number, tokens in enumerate(lengths):
        queue.put(call, f"{name}{number}", tokens)
    return call


def cost(batch: Sequence[Asked]) -> int:
    """What it takes, padding included."""
    return len(batch) * max(asked.tokens for asked in batch)


@dataclass
class Device:
    """One worker, and how much it had done when each call was done with."""

    queue: TextQueue
    now: int = 0
    done: dict[Call, int] = field(default_factory=dict)

    def work(self, *, until: int | None = None) -> None:
        while (until is None or self.now < until) and (batch := self.queue.take()):
            self.now += cost(batch)
            for asked in batch:
                self.done.update(dict.fromkeys(self.queue.settle(asked), self.now))


lengths = st.lists(st.integers(0, 700), max_size=60)


@given(st.lists(st.tuples(lengths, st.sampled_from([BEST, MANY])), max_size=5))
def test_every_text_is_in_one_call_within_its_room_and_beside_its_like(
    asked: list[tuple[list[int], Search]],
) -> None:
    queue = TextQueue(ROOM)
    calls = [call_of(queue, *of, name=f"{n}-", search=how) for n, (of, how) in enumerate(asked)]
    taken: list[Asked] = []
    while batch := queue.take():
        assert len(batch) == 1 or cost(batch) <= ROOM
        assert len({one.search for one in batch}) == 1
        assert len({step_of(one.tokens) for one in batch}) == 1
        taken += batch
        for one in batch:
            queue.settle(one)
    assert len(taken) == len({(one.search, one.text) for one in taken})
    assert sum(len(of) for of, _ in asked) == len(taken)
    assert all(call.longest() is None for call in calls)


def test_texts_of_several_calls_share_one_longest_first() -> None:
    queue = TextQueue(ROOM)
    call_of(queue, 5, 9, 7, name="a")
    call_of(queue, 8, 6, name="b")
    assert sorted(one.text for one in queue.take()) == ["a0", "a1", "a2", "b0", "b1"]
    assert queue.take() == []


def test_a_short_call_is_not_stuck_behind_a_long_one() -> None:
    queue = TextQueue(ROOM)
    device = Device(queue)
    film = call_of(queue, *[20] * 2000, name="film")
    device.work(until=10_000)
    line = call_of(queue, *[12] * 3, name="line")
    asked_at = device.now
    device.work()
    assert device.done[line] - asked_at <= 2 * ROOM
    assert device.done[film] <= 2000 * 20 * 1.05


def test_long_calls_get_equal_shares() -> None:
    queue = TextQueue(ROOM)
    device = Device(queue)
    calls = [call_of(queue, *[10] * 500, name=f"{n}-") for n in range(3)]
    while device.now < 7_500 and (batch := queue.take()):
        device.now += cost(batch)
    left = [len(call.waiting) for call in calls]
    assert max(left) - min(left) <= ROOM // 10


def test_calls_with_nothing_waiting_have_no_share() -> None:
    queue = TextQueue(ROOM)
    for _ in range(62):
        call_of(queue)  # they wait for answers, or for their next texts
    call_of(queue, *[8] * 100, name="a")
    call_of(queue, *[8] * 100, name="b")
    batch = queue.take()
    assert [sum(a.text.startswith(name) for a in batch) for name in "ab"] == [32, 32]


@given(st.data())
def test_what_waits_is_counted_whatever_is_asked_taken_answered_and_given_up(
    data: st.DataObject,
) -> None:
    queue = TextQueue(ROOM, workers=2)
    calls: list[Call] = []
    running: list[Asked] = []
    for step in data.draw(st.lists(st.sampled_from(["ask", "ask", "take", "settle", "end"]))):
        if step == "ask":
            calls.append(call_of(queue, *data.draw(st.lists(st.integers(0, 99), max_size=9))))
        elif step == "take":
            running += queue.take()
        elif step == "settle" and running:
            assert queue.settle(running.pop()) is not None
        elif step == "end" and calls:
            queue.end(calls.pop(data.draw(st.integers(0, len(calls) - 1))))
        waiting = {a: None for call in calls for a in call.waiting if a.state.name == "WAITING"}
        assert queue.waiting_tokens == sum(asked.tokens for asked in waiting)


def test_a_turn_of_short_texts_is_filled_up_with_longer_ones() -> None:
    queue = TextQueue(ROOM)
    call_of(queue, 2, 3, name="short")
    call_of(queue, *[20] * 60, name="long")
    batch = queue.take()
    assert {"short0", "short1"} < {asked.text for asked in batch}
    assert cost(batch) > ROOM - 20


def test_texts_too_long_for_the_turn_of_another_have_their_own() -> None:
    queue = TextQueue(ROOM)
    device = Device(queue)
    call_of(queue, *[8] * 5000, name="short")
    long = call_of(queue, 60, 60, name="long")
    device.work()
    assert device.done[long] <= 4 * ROOM


def test_what_is_asked_for_already_is_not_asked_for_twice() -> None:
    queue = TextQueue(ROOM)
    first, second = call_of(queue, 5), call_of(queue, 5)
    (asked,) = queue.take()
    third = call_of(queue, 5)
    assert queue.take() == []
    assert queue.settle(asked) == [first, second, third]
    call_of(queue, 5)
    assert len(queue.take()) == 1


def test_who_leaves_takes_back_what_nobody_else_wants() -> None:
    queue = TextQueue(ROOM)
    first, second = call_of(queue, 5, 6, 7), call_of(queue, 5)
    queue.end(first)
    (asked,) = queue.take()
    assert asked.text == "0"
    assert queue.settle(asked) == [second]
    queue.end(first)
    assert queue.take() == []


@pytest.mark.parametrize(
    ("waiting", "calls"), [(64, [32, 16, 16]), (20, [16, 4]), (200, [64, 64, 36, 18])]
)
def test_what_is_less_than_full_calls_is_divided_among_the_workers(
    waiting: int, calls: list[int]
) -> None:
    queue = TextQueue(ROOM, workers=2)
    call_of(queue, *[8] * waiting)
    assert [len(queue.take()) for _ in calls] == calls
