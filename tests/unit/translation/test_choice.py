import math

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.translation import Hypothesis
from polycue.translation.choice import preferred

BEST, NEAR, SHORT, FAR = (
    Hypothesis("a" * 30, -0.5),
    Hypothesis("b" * 20, -1.0),
    Hypothesis("c" * 18, -1.4),
    Hypothesis("d", -3.0),
)


def choose(room: float, *hypotheses: Hypothesis) -> Hypothesis:
    return preferred(hypotheses, room, len)


def test_the_best_is_shown_where_there_is_time_for_it() -> None:
    assert choose(30, SHORT, BEST, NEAR) is BEST
    assert choose(28, BEST, NEAR) is BEST  # a tenth over is still read


def test_where_there_is_no_time_the_best_that_fits_is() -> None:
    assert choose(20, BEST, NEAR, SHORT) is NEAR


def test_where_none_fits_the_shortest_is() -> None:
    assert choose(5, BEST, NEAR, SHORT) is SHORT


def test_what_is_much_worse_is_never_shown() -> None:
    assert choose(2, BEST, FAR) is BEST


@given(st.lists(st.tuples(st.text(), st.floats(-9, 0)), min_size=1), st.floats(0, 100))
def test_without_a_limit_the_best_is_shown(given: list[tuple[str, float]], room: float) -> None:
    hypotheses = [Hypothesis(text, score) for text, score in given]
    assert choose(math.inf, *hypotheses).score == max(h.score for h in hypotheses)
    assert choose(room, *hypotheses) in hypotheses
