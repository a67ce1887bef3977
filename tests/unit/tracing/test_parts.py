"""Parts of work: noted where it is done, and put within the time in which it was asked for."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.engine.backends.supervised.answering import answered
from polycue.engine.backends.supervised.work import Call
from polycue.tracing.parts import Noted, Part, noted, part

HOUR_NS = 3600 * 10**9


class At(Noted):
    """By a clock that stands."""

    def __init__(self, now_ns: int) -> None:
        self._now_ns = now_ns
        super().__init__()

    def now_ns(self) -> int:
        return self._now_ns


def test_where_nobody_notes_a_part_is_nothing_and_hides_nothing() -> None:
    with part("encode sound", rows=3):
        assert noted() is None
    with pytest.raises(ValueError, match="said"), part("decode text"):
        raise ValueError("said")


def test_parts_lie_within_each_other_as_they_were_done() -> None:
    notes = Noted()
    with notes.here(), part("recognise in engine", device="cpu"):
        with part("encode sound"):
            pass
        with part("decode text", rows=2):
            pass
    (whole,) = notes.parts
    assert (whole.name, whole.facts) == ("recognise in engine", {"device": "cpu"})
    first, second = whole.parts
    assert (first.name, second.name, second.facts) == ("encode sound", "decode text", {"rows": 2})
    assert whole.began_ns <= first.began_ns <= first.ended_ns <= second.began_ns
    assert second.ended_ns <= whole.ended_ns <= notes.now_ns()
    assert noted() is None


def test_a_part_that_fails_says_so_and_so_does_what_it_is_a_part_of() -> None:
    def work() -> None:
        with part("whole"):
            with part("first"):
                pass
            with part("second"):
                raise ZeroDivisionError("nothing of this is told")

    notes = Noted()
    with notes.here(), pytest.raises(ZeroDivisionError):
        work()
    (whole,) = notes.parts
    assert [one.failed for one in (whole, *whole.parts)] == [
        *("ZeroDivisionError", "", "ZeroDivisionError")
    ]


def test_what_other_threads_do_meanwhile_is_no_part_of_it() -> None:
    notes, others = Noted(), list[Noted | None]()
    with notes.here():
        other = threading.Thread(target=lambda: others.append(noted()))
        other.start()
        other.join()
    assert others == [None]


def test_what_another_process_tells_by_the_same_clock_stays_where_it_was() -> None:
    notes = At(1_000)
    inner = Part("decode text", 320, 400)
    told = Part("recognise in engine", 300, 500, {"device": "cpu"}, (inner,))
    notes.take_in([told], 100, {"node": "10.0.0.9"})
    (taken,) = notes.parts
    assert (taken.began_ns, taken.took_ns) == (300, 500)
    assert taken.parts == (inner,)
    assert taken.facts == {"device": "cpu", "node": "10.0.0.9", "way_ms": 0}


@pytest.mark.parametrize(
    ("wrong_ns", "began_ns"),
    [(HOUR_NS, 500), (-HOUR_NS, 100), (250, 500), (-250, 100), (100, 400)],
)
def test_what_a_machine_with_another_clock_tells_is_put_within_the_time_of_the_call(
    wrong_ns: int, began_ns: int
) -> None:
    notes = At(1_000)
    told = Part("whole", 300, 500, {}, (Part("inner", 320, 400),)).moved(wrong_ns)
    notes.take_in([told], 100, {})
    (taken,) = notes.parts
    assert (taken.began_ns, taken.took_ns) == (began_ns, 500)
    assert taken.parts[0].began_ns - taken.began_ns == 20


def test_the_way_there_and_back_is_what_the_work_does_not_account_for() -> None:
    notes = At(900_000_000)
    first, second = Part("a", 200_000_000, 100_000_000), Part("b", 400_000_000, 300_000_000)
    notes.take_in([first, second], 100_000_000, {})
    assert [one.facts["way_ms"] for one in notes.parts] == [300, 300]


@given(st.integers(-HOUR_NS, HOUR_NS), st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_clock_puts_a_part_where_it_was_not_asked_for_yet(
    began_ns: int, took_ns: int, call_ns: int
) -> None:
    notes = At(call_ns)
    notes.take_in([Part("whole", began_ns, took_ns)], 0, {})
    assert notes.parts[0].began_ns >= 0
    assert notes.parts[0].ended_ns <= max(call_ns, took_ns)


def test_an_answer_that_consists_of_nothing_adds_nothing() -> None:
    notes = Noted()
    notes.take_in([], 0, {"node": "10.0.0.9"})
    assert notes.parts == []


class Asks:
    """Work that says whether anybody notes what it does."""

    def do(self, models: object) -> bool:
        return noted() is not None


@pytest.mark.parametrize("wanted", [True, False])
def test_a_child_notes_what_a_trace_wants_to_know_and_nothing_else(wanted: bool) -> None:
    answer = answered(Call(1, Asks(), noted=wanted), None)
    assert (answer.value, answer.parts) == (wanted, ())
