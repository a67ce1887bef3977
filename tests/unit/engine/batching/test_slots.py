import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.filling import Queue
from polycue.engine.batching.slots import Lane, Order, Slot, State

LEGAL = {
    (State.MAKING, State.READY),
    (State.READY, State.RESERVED),
    (State.RESERVED, State.RUNNING),
    (State.RUNNING, State.READY),
    *((state, State.DONE) for state in State if state is not State.DONE),
}


def order(
    tenant: str = "",
    request: str = "",
    *,
    urgency: Urgency = Urgency.BATCH,
    key: str = "k",
    speech_ms: int = 30_000,
    again: bool = False,
) -> Order:
    return Order(Caller(tenant, request, urgency), key, speech_ms, speech_ms, 960_000, again)


@given(st.sampled_from(State), st.sampled_from(State))
def test_a_row_goes_from_state_to_state_on_known_ways_only(before: State, after: State) -> None:
    slot = Slot(0, order(), 0.0)
    slot.state = before
    if (before, after) in LEGAL:
        slot.become(after)
        assert slot.state is after
    else:
        with pytest.raises(ValueError, match=f"a {before.value} row cannot become {after.value}"):
            slot.become(after)


def test_what_is_heard_again_is_behind_first_tries_unless_somebody_waits_for_it() -> None:
    assert order().lane is Lane.BATCH
    assert order(again=True).lane is Lane.AGAIN
    assert order(again=True, urgency=Urgency.LIVE).lane is Lane.LIVE
    assert order(again=True).kind != order().kind


def test_the_work_in_a_row_is_the_encoders_and_what_is_said() -> None:
    assert order(speech_ms=0).work == 64
    assert order(speech_ms=30_000).work == 184
    assert order().work_with(tokens=10) == 74


class Lives(RuleBasedStateMachine):
    """Rows through a queue in any order of events: none is lost, and none is there twice."""

    ROWS = 4

    def __init__(self) -> None:
        super().__init__()
        self.queue: Queue[Slot] = Queue(self.ROWS)
        self.slots: list[Slot] = []
        self.now_s = 0.0

    def of(self, *states: State) -> list[Slot]:
        return [slot for slot in self.slots if slot.state in states]

    @rule(
        tenant=st.sampled_from("ab"),
        request=st.sampled_from("xy"),
        urgency=st.sampled_from(Urgency),
        key=st.sampled_from("kl"),
        again=st.booleans(),
        speech_ms=st.integers(0, 30_000),
    )
    def ask(
        self, tenant: str, request: str, urgency: Urgency, key: str, again: bool, speech_ms: int
    ) -> None:
        asked = order(tenant, request, urgency=urgency, key=key, again=again, speech_ms=speech_ms)
        self.slots.append(Slot(len(self.slots), asked, self.now_s))
        self.queue.add(self.slots[-1], self.now_s)

    @precondition(lambda self: self.of(State.MAKING))
    @rule(data=st.data())
    def make(self, data: st.DataObject) -> None:
        self.queue.made(data.draw(st.sampled_from(self.of(State.MAKING))), self.now_s)

    @rule(rows=st.integers(1, ROWS), idle=st.integers(1, 3))
    def take(self, rows: int, idle: int) -> None:
        ready = self.of(State.READY)
        taken = self.queue.take(rows, idle=idle, now_s=self.now_s)
        assert bool(taken) == bool(ready)
        assert len(taken) <= rows
        assert len({slot.order.kind for slot in taken}) <= 1
        assert len(set(taken)) == len(taken)
        assert all(slot in ready and slot.state is State.RESERVED for slot in taken)

    @precondition(lambda self: self.of(State.RESERVED))
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.of(State.RESERVED))).become(State.RUNNING)

    @precondition(lambda self: self.of(State.RUNNING))
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        self.queue.put_back(data.draw(st.sampled_from(self.of(State.RUNNING))))

    @precondition(lambda self: self.of(*State))
    @rule(data=st.data(), tokens=st.integers(0, 224))
    def end(self, data: st.DataObject, tokens: int) -> None:
        slot = data.draw(st.sampled_from(self.slots))
        ran, had_ended = slot.state is State.RUNNING, slot.state is State.DONE
        assert self.queue.end(slot, self.now_s) != had_ended
        if ran:
            self.queue.settle(slot, tokens)

    @rule(seconds=st.floats(0.001, 20))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @invariant()
    def everything_is_counted(self) -> None:
        waiting = self.of(State.MAKING, State.READY)
        assert len(self.queue) == len(waiting)
        assert self.queue.ready == len(self.of(State.READY))
        for urgency, count in self.queue.waiting.items():
            assert count == sum(slot.order.caller.urgency is urgency for slot in waiting)
        assert self.queue.again == sum(slot.order.again for slot in waiting)

    def teardown(self) -> None:
        for slot in self.of(State.MAKING):
            self.queue.made(slot, self.now_s)
        left = self.of(State.READY)
        taken: list[Slot] = []
        while batch := self.queue.take(self.ROWS, idle=1, now_s=self.now_s):
            taken += batch
        assert sorted(taken, key=id) == sorted(left, key=id)


TestLives = Lives.TestCase
