"""How many engines there should be, as work comes and goes."""

from hypothesis import given
from hypothesis import strategies as st

from polycue.engine.backends.supervised.size import Size

IDLE_S = 10.0


def test_more_are_had_at_once_and_fewer_after_a_while() -> None:
    size = Size(1, 8, idle_s=IDLE_S)
    assert size.of(0, 0) == 1
    assert size.of(5, 1) == 5
    assert size.of(2, 2) == 5
    assert size.of(2, 10.9) == 5
    assert size.of(2, 11.1) == 2
    assert size.of(0, 30) == 1


def test_there_are_never_more_than_may_be_nor_fewer() -> None:
    size = Size(2, 4, idle_s=IDLE_S)
    assert [size.of(wanted, now_s) for now_s, wanted in enumerate((0, 99, 0))] == [2, 4, 4]


@given(
    st.lists(
        st.tuples(st.floats(min_value=0.1, max_value=30), st.integers(min_value=0, max_value=9)),
        min_size=1,
    )
)
def test_there_are_as_many_as_were_wanted_at_most_of_late(steps: list[tuple[float, int]]) -> None:
    size, now_s, wanted = Size(0, 9, idle_s=IDLE_S), 0.0, []
    for pause_s, count in steps:
        now_s += pause_s
        wanted.append((now_s, count))
        late = [count for at_s, count in wanted if at_s > now_s - IDLE_S]
        assert size.of(count, now_s) == max(late)
