from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.frames import FrameGrid

RATES = st.sampled_from([None, *map(Fraction, (10, 24, 25, 30, 60, 240)), Fraction(30000, 1001)])
TIMES = st.integers(0, 400_000_000)


@given(RATES, TIMES)
def test_a_cue_comes_on_at_the_first_frame_that_is_not_early(
    rate: Fraction | None, time_ms: int
) -> None:
    grid = FrameGrid.of(rate, 2)
    frame = grid.first_in(time_ms)
    assert grid.in_ms(frame) >= time_ms
    assert frame == 0 or grid.in_ms(frame - 1) < time_ms


@given(RATES, TIMES)
def test_a_cue_goes_at_the_nearest_frame_on_either_side(
    rate: Fraction | None, time_ms: int
) -> None:
    grid = FrameGrid.of(rate, 2)
    assert grid.out_ms(grid.last_out(time_ms)) <= time_ms < grid.out_ms(grid.last_out(time_ms) + 1)
    assert grid.out_ms(grid.first_out(time_ms)) >= time_ms
    assert grid.first_out(time_ms) == 0 or grid.out_ms(grid.first_out(time_ms) - 1) < time_ms


@given(RATES, st.integers(0, 1_000_000))
def test_times_on_the_grid_stay_where_they_are(rate: Fraction | None, frame: int) -> None:
    grid = FrameGrid.of(rate, 2)
    assert grid.first_in(grid.in_ms(frame)) == frame
    assert grid.last_out(grid.out_ms(frame)) == frame == grid.first_out(grid.out_ms(frame))


@given(RATES, st.integers(0, 1_000_000))
def test_a_gap_of_frames_is_never_shorter_in_milliseconds(
    rate: Fraction | None, frame: int
) -> None:
    grid = FrameGrid.of(rate, 2)
    assert grid.in_ms(frame + grid.gap) - grid.out_ms(frame) >= Fraction(2000) / (rate or 24)


def test_two_frames_without_a_film_are_two_of_cinema() -> None:
    assert FrameGrid.of(None, 2).gap_ms == 84


def test_rates_that_no_film_has_are_not_believed() -> None:
    assert FrameGrid.of(Fraction(90_000), 2) == FrameGrid.of(None, 2)
    assert FrameGrid.of(Fraction(1), 2) == FrameGrid.of(None, 2)
