from fractions import Fraction

import pytest

from polycue.cues.onsets import Edges
from polycue.cues.presets import rules_for
from polycue.cues.timing import timed
from polycue.domain.cue import Cue
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word

FILM = rules_for(LayoutOptions(), "en", Fraction(25))
ALONE = Edges()


def cue(start_ms: int, end_ms: int, text: str = "Nobody heard them.") -> Cue:
    return Cue(start_ms, max(start_ms + 1, end_ms), (text,), (Word("x", start_ms, end_ms),))


def times(*cues: Cue, edges: Edges = ALONE) -> list[tuple[int, int]]:
    return [(found.start_ms, found.end_ms) for found in timed(cues, FILM, edges)]


def test_text_lingers_half_a_second_after_the_voice() -> None:
    assert times(cue(1000, 2600)) == [(1000, 3080)]  # 3.1 s is in the middle of a frame


def test_a_cue_comes_on_with_the_first_frame_after_its_voice() -> None:
    assert times(cue(1001, 3000))[0][0] == 1040


def test_a_short_word_stays_for_its_least_time() -> None:
    assert times(cue(1000, 1100, "No.")) == [(1000, 1840)]  # 21 frames; 20 are 0.8 s


def test_text_that_is_read_slowly_stays_longer() -> None:
    long = "Extraordinarily long-winded explanations"  # 40 characters, 2 s
    assert times(cue(1000, 1400, long))[0][1] == 2400  # a second more than the voice at most
    assert times(cue(1000, 2000, long))[0][1] == 3000


@pytest.mark.parametrize("pause_ms", [120, 320, 480, 600])
def test_a_gap_that_would_flicker_is_closed_to_two_frames(pause_ms: int) -> None:
    (_, end_ms), (start_ms, _) = times(cue(1000, 3000), cue(3000 + pause_ms, 5000))
    assert start_ms - end_ms == 80


def test_a_gap_of_half_a_second_is_seen_and_stays() -> None:
    (_, end_ms), (start_ms, _) = times(cue(1000, 3000), cue(4000, 6000))
    assert (end_ms, start_ms) == (3480, 4000)


def test_a_cue_without_time_comes_on_two_frames_early() -> None:
    first, second = times(cue(1000, 1200, "No."), cue(1600, 3000))
    assert first == (920, 1520)
    assert second[0] == 1600


def test_a_cue_of_a_file_without_pictures_comes_on_as_early() -> None:
    rules = rules_for(LayoutOptions(), "en", None)
    first, _ = timed([cue(1000, 1200, "No."), cue(1600, 3000)], rules, ALONE)
    assert first.start_ms == 1000 - 2 * 42


def test_words_at_the_same_moment_are_shown_one_after_another() -> None:
    shown = times(*(cue(5000, 5000, "No.") for _ in range(4)))
    assert all(end_ms - start_ms >= 400 for start_ms, end_ms in shown)


def test_nothing_stays_after_the_media() -> None:
    assert times(cue(1000, 2990), edges=Edges(media_end_ms=3010)) == [(1000, 3000)]
    late = times(cue(2990, 3000, "No."), edges=Edges(media_end_ms=3010))
    assert late == [(2920, 3000)]


def test_cues_at_the_very_end_are_shown_before_it() -> None:
    shown = times(*(cue(3000, 3000, "No.") for _ in range(3)), edges=Edges(media_end_ms=3000))
    assert shown[-1][1] == 3000
    assert [end_ms - start_ms for start_ms, end_ms in shown] == [40, 40, 40]


def test_more_cues_than_frames_run_over_the_end() -> None:
    shown = times(*(cue(0, 10, "No.") for _ in range(3)), edges=Edges(media_end_ms=100))
    assert shown[-1][1] > 100


def test_neighbours_are_kept_clear_of() -> None:
    edges = Edges(previous_end_ms=1200, next_start_ms=3200)
    assert times(cue(1000, 3100), edges=edges) == [(1280, 3120)]


def test_who_speaks_next_waits_for_a_cue_to_be_seen() -> None:
    ((start_ms, end_ms),) = times(cue(1000, 1100, "No."), edges=Edges(next_start_ms=1120))
    assert end_ms - start_ms >= 400


def test_a_cue_never_stays_longer_than_it_may() -> None:
    assert times(cue(1000, 30_000)) == [(1000, 8000)]


@pytest.mark.parametrize(
    ("rate", "half_second"),
    [
        *((Fraction(24000, 1001), 12), (Fraction(24), 12), (Fraction(25), 13), (Fraction(50), 25)),
        *((Fraction(30000, 1001), 15), (Fraction(30), 15)),
        *((Fraction(60000, 1001), 30), (Fraction(60), 30)),
    ],
)
def test_a_gap_is_two_frames_or_half_a_second_at_any_rate(rate: Fraction, half_second: int) -> None:
    rules = rules_for(LayoutOptions(), "en", rate)
    grid = rules.grid
    gaps = set()
    for frames in range(3 * half_second):
        start_ms = grid.in_ms(grid.first_in(3000) + frames)
        first, second = timed([cue(1000, 3000), cue(start_ms, start_ms + 2000)], rules, ALONE)
        gaps.add(grid.first_in(second.start_ms) - grid.last_out(first.end_ms))
        assert first.duration_ms >= rules.min_cue_ms
        lingers = first.end_ms < 3500 + grid.in_ms(1)
        assert lingers or first.end_ms == grid.gone_ms(second.start_ms), "or it is chained"
    assert 2 in gaps
    assert min(gaps - {2}) == half_second
