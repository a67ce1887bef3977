"""Which of the frames that ffmpeg takes for cuts are some."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.media.shots import CLUSTER_MS, DOMINANCE, THRESHOLD, Settling

FRAME_MS = 40


def cuts(scores: dict[int, float], *, frames: int = 200) -> list[int]:
    """The cuts among frames at 25 per second; those that are not named are like the one before."""
    settling = Settling()
    found = [
        cut
        for number in range(frames)
        for cut in settling.feed(number * FRAME_MS, scores.get(number * FRAME_MS, 0.3))
    ]
    return found + list(settling.finish())


def test_a_frame_that_is_all_new_is_a_cut() -> None:
    assert cuts({2000: 40.0, 5000: 6.0}) == [2000, 5000]


def test_movement_is_no_cut() -> None:
    assert cuts({2000: 4.9, 5000: 3.0}) == []


def test_flashes_are_no_cuts() -> None:
    lightning = {2000: 30.0, 2080: 28.0, 2160: 33.0}
    assert cuts(lightning) == []


def test_a_cut_with_some_movement_beside_it_is_one() -> None:
    assert cuts({2000: 8.0, 2240: 40.0, 2400: 7.0}) == [2240]


def test_cuts_half_a_second_apart_are_both_some() -> None:
    assert cuts({2000: 30.0, 2520: 30.0}) == [2000, 2520]


def test_a_cut_is_not_told_before_it_is_sure() -> None:
    settling = Settling()
    assert list(settling.feed(2000, 30.0)) == []
    assert settling.until_ms == 2000
    assert list(settling.feed(2480, 0.2)) == []
    assert settling.until_ms == 2000
    assert list(settling.feed(2520, 0.2)) == [2000]
    assert settling.until_ms == 2520


def test_a_strobe_does_not_hold_up_what_comes_before_it() -> None:
    settling = Settling()
    for number in range(100):
        assert list(settling.feed(2000 + number * FRAME_MS, 30.0)) == []
    assert settling.until_ms == 2000 + 99 * FRAME_MS


def test_a_clock_that_goes_back_moves_no_cut() -> None:
    settling = Settling()
    times = [(0, 0.0), (4000, 0.1), (1000, 40.0), (4040, 0.1), (5000, 30.0), (6000, 0.1)]
    assert [cut for time, score in times for cut in settling.feed(time, score)] == [5000]


SCORED = st.lists(st.tuples(st.integers(0, 400), st.floats(0, 100)), max_size=60)


@given(SCORED)
def test_cuts_are_apart_and_told_in_time(steps: list[tuple[int, float]]) -> None:
    settling, clock, found = Settling(), 0, []
    frames: dict[int, float] = {}
    for step, score in steps:
        clock += step
        frames[clock] = max(score, frames.get(clock, 0.0))
        sure_ms = settling.until_ms
        new = list(settling.feed(clock, score))
        assert all(cut >= sure_ms for cut in new), "none comes before what was promised"
        found += new
    found += settling.finish()
    assert all(later - cut >= CLUSTER_MS for cut, later in pairwise(found))
    for cut in found:
        assert frames[cut] >= THRESHOLD
        beside = [s for t, s in frames.items() if 0 < abs(t - cut) < CLUSTER_MS and s >= THRESHOLD]
        assert all(frames[cut] >= DOMINANCE * score for score in beside)
