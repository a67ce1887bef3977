from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.cue import Cue
from polycue.sync.fit import Fit, Piece
from polycue.sync.retiming import retimed


@st.composite
def cues(draw: st.DrawFn) -> list[Cue]:
    at_ms, made = 0, []
    for number in range(draw(st.integers(1, 12))):
        at_ms += draw(st.integers(0, 5000))
        end_ms = at_ms + draw(st.integers(1, 4000))
        made.append(Cue(at_ms, end_ms, (f"line {number}", "and more")))
        at_ms = end_ms
    return made


@st.composite
def fits(draw: st.DrawFn, count: int) -> Fit:
    seams = sorted(draw(st.sets(st.integers(1, max(count - 1, 1)), max_size=3)))
    edges = [0, *(seam for seam in seams if seam < count), count]
    ratio = draw(st.sampled_from([1.0, 25 / 24, 0.9]))
    pieces = tuple(
        Piece(first, last, ratio, draw(st.integers(-30_000, 30_000)))
        for first, last in pairwise(edges)
    )
    return Fit(pieces, 1.0)


@given(st.data(), cues(), st.one_of(st.none(), st.integers(0, 40_000)))
def test_text_and_order_stay_and_nothing_overlaps_or_is_lost_unsaid(
    data: st.DataObject, given_cues: list[Cue], duration_ms: int | None
) -> None:
    fit = data.draw(fits(len(given_cues)))
    moved = retimed(given_cues, fit, duration_ms=duration_ms)
    kept = [cue.lines for cue in given_cues if cue not in moved.homeless]
    assert [cue.lines for cue in moved.cues] == kept
    assert len(moved.cues) + len(moved.homeless) == len(given_cues)
    for one, other in zip(moved.cues, moved.cues[1:], strict=False):
        assert one.end_ms <= other.start_ms
    if duration_ms is not None and moved.cues:
        assert moved.cues[-1].end_ms <= duration_ms


def test_what_the_film_has_not_is_without_a_place() -> None:
    old = [Cue(t, t + 1500, (str(t),)) for t in range(0, 20_000, 2000)]
    # The film lacks eight seconds from 6 s on.
    fit = Fit((Piece(0, 6, 1.0, 0), Piece(6, 10, 1.0, -8000)), 1.0)
    moved = retimed(old, fit, duration_ms=11_000)
    assert [cue.text for cue in moved.homeless] == ["4000", "6000", "8000", "10000"]
    assert [(c.start_ms, c.text) for c in moved.cues[-4:]] == [
        (4000, "12000"),
        (6000, "14000"),
        (8000, "16000"),
        (10_000, "18000"),
    ]


def test_a_cue_that_runs_into_the_next_piece_is_cut_short_and_stays() -> None:
    old = [Cue(0, 3000, ("a",)), Cue(4000, 6000, ("b",))]
    moved = retimed(old, Fit((Piece(0, 1, 1.0, 0), Piece(1, 2, 1.0, -2000)), 1.0), duration_ms=None)
    assert [(c.start_ms, c.end_ms) for c in moved.cues] == [(0, 2000), (2000, 4000)]


def test_what_a_cue_cost_at_its_old_time_is_not_told_of_the_new_one() -> None:
    cue = Cue(0, 1900, ("Hello there.",), costs=(("cue", 1.0),))
    moved = retimed([cue], Fit((Piece(0, 1, 1.0, 500),), 1.0), duration_ms=None)
    assert [placed.costs for placed in moved.cues] == [()]


def test_a_cue_of_a_millisecond_has_one_in_a_faster_film_too() -> None:
    cue = Cue(295, 296, ("Hi.",))
    moved = retimed([cue], Fit((Piece(0, 1, 0.9, 0),), 1.0), duration_ms=None)
    assert [placed.duration_ms for placed in moved.cues] == [1]
