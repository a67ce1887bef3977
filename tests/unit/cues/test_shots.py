"""Cues near a cut of the picture, as Netflix's timing guide wants them at any frame rate."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.islands import islands
from polycue.cues.layout import layout
from polycue.cues.onsets import Edges
from polycue.cues.presets import Rules, rules_for
from polycue.cues.shots import reach_ms
from polycue.cues.timing import timed
from polycue.domain.cue import Cue
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track
from polycue.domain.transcript import Word

RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
}
# Half a second and 7 of its 12 frames, counted in frames of the film.
ZONES = {"23.976": 12, "24": 12, "25": 13, "29.97": 15, "30": 15, "50": 25, "59.94": 30, "60": 30}
PULLS = {"23.976": 7, "24": 7, "25": 7, "29.97": 8, "30": 8, "50": 14, "59.94": 17, "60": 17}
CUT = 600  # the frame at which the new shot begins


class Film:
    """The rules at a frame rate, and times in frames from the cut."""

    def __init__(self, name: str) -> None:
        self.rules = rules_for(LayoutOptions(), "en", RATES[name])
        self.zone, self.pull = ZONES[name], PULLS[name]
        self.cut_ms = self.rules.grid.in_ms(CUT)

    def ms(self, frames: float) -> int:
        """When the frame comes so many after the cut."""
        return round((CUT + frames) * 1000 / (self.rules.frame_rate or 1))

    def shown(self, start: float, end: float, text: str = "Nobody heard them.") -> tuple[int, int]:
        """The frames from the cut on which a cue comes on and goes, spoken in this time."""
        start_ms, end_ms = self.ms(start), self.ms(end)
        spoken = Cue(start_ms, end_ms, (text,), (Word(text, start_ms, end_ms),))
        (cue,) = timed([spoken], self.rules, Edges(), [self.cut_ms])
        grid = self.rules.grid
        return grid.first_in(cue.start_ms) - CUT, grid.last_out(cue.end_ms) - CUT


@pytest.fixture(params=RATES)
def film(request: pytest.FixtureRequest) -> Film:
    return Film(request.param)


def test_text_comes_on_with_the_first_frame_of_a_shot(film: Film) -> None:
    for spoken_after in range(film.zone + 1):
        assert film.shown(spoken_after, spoken_after + 5 * film.zone)[0] == 0, spoken_after
    assert film.shown(film.zone + 1, 6 * film.zone)[0] == film.zone + 1


def test_a_voice_right_before_a_cut_waits_for_it(film: Film) -> None:
    for spoken_before in range(1, film.pull + 1):
        assert film.shown(-spoken_before, 5 * film.zone)[0] == 0, spoken_before


def test_a_voice_a_little_earlier_comes_on_before_the_zone(film: Film) -> None:
    for spoken_before in range(film.pull + 1, film.zone + 1):
        assert film.shown(-spoken_before, 5 * film.zone)[0] == -film.zone, spoken_before
    assert film.shown(-film.zone - 1, 5 * film.zone)[0] == -film.zone - 1


def test_text_goes_two_frames_before_a_cut_that_nobody_speaks_over(film: Film) -> None:
    for last_word in range(-film.zone, 1):
        assert film.shown(-6 * film.zone, last_word)[1] == -2, last_word


def test_text_that_is_spoken_over_a_cut_stays_half_a_second_after_it(film: Film) -> None:
    for last_word in range(film.zone // 2, film.zone):
        off = film.shown(-6 * film.zone, last_word)[1]
        assert off >= film.zone, last_word


def test_a_voice_that_outlasts_a_cut_by_a_frame_does_not_cross_it(film: Film) -> None:
    assert film.shown(-6 * film.zone, 1)[1] == -2


def test_text_away_from_cuts_is_timed_as_if_there_were_none(film: Film) -> None:
    start, end = -9 * film.zone, -4 * film.zone
    with_cut = film.shown(start, end)
    film.cut_ms += 1_000_000
    assert film.shown(start, end) == with_cut


def test_a_cut_is_not_worth_too_short_a_stay() -> None:
    film = Film("25")
    on, off = film.shown(-15, -10, "No.")  # 0.6 s before the cut is too short
    assert on == -15
    assert off >= film.zone


def test_a_cut_between_two_cues_parts_them() -> None:
    """Gone two frames before it, there with it: nobody sees the old text on the new shot."""
    film = Film("25")
    words = [(film.ms(-60), film.ms(-4)), (film.ms(3), film.ms(60))]
    cues = [Cue(s, e, ("Nobody heard them.",), (Word("x", s, e),)) for s, e in words]
    first, second = timed(cues, film.rules, Edges(), [film.cut_ms])
    assert first.end_ms == film.ms(-2)
    assert second.start_ms == film.cut_ms


def test_a_cut_that_is_not_on_the_grid_is_met_to_the_millisecond() -> None:
    rules = rules_for(LayoutOptions(), "en", Fraction(25))
    spoken = Cue(10_100, 12_000, ("Nobody heard them.",), (Word("x", 10_100, 12_000),))
    before = Cue(7_000, 9_900, ("Nobody heard them.",), (Word("x", 7_000, 9_900),))
    first, second = timed([before, spoken], rules, Edges(), [10_017])
    assert second.start_ms == 10_017
    assert first.end_ms == 10_017 - 80


def test_without_a_film_rate_cues_still_change_with_the_picture() -> None:
    rules = rules_for(LayoutOptions(), "en", None)
    spoken = Cue(10_100, 12_000, ("Nobody heard them.",), (Word("x", 10_100, 12_000),))
    (cue,) = timed([spoken], rules, Edges(), [10_017])
    assert cue.start_ms == 10_017


def test_rules_without_a_zone_do_not_look_at_cuts() -> None:
    rules = replace(rules_for(LayoutOptions(), "en", Fraction(25)), shot_zone_ms=None)
    spoken = Cue(10_100, 12_000, ("Nobody heard them.",), (Word("x", 10_100, 12_000),))
    assert timed([spoken], rules, Edges(), [10_040]) == timed([spoken], rules, Edges())


def test_a_pause_at_a_cut_is_a_good_place_to_end_a_cue() -> None:
    rules = rules_for(LayoutOptions(), "en", Fraction(25))
    sentence = "They walked along the river and they came to the old mill"
    words, clock = [], 1000
    for number, text in enumerate(sentence.split()):
        clock += 200 if number == 5 else 0
        words.append(Word(text, clock, clock + 240))
        clock += 260
    plain = layout(words, rules)
    cut_ms = words[5].start_ms - 100
    parted = layout(words, rules, cuts_ms=[cut_ms])
    assert words[5] not in [cue.words[0] for cue in plain[1:]]
    assert words[5] in [cue.words[0] for cue in parted]


WORDS = st.lists(
    st.tuples(
        st.text("abcdefgh", min_size=1, max_size=12),
        st.integers(0, 700),
        st.sampled_from([0, 0, 0, 0, 40, 200, 600, 900, 1999, 2000, 5000]),
    ),
    max_size=25,
)


@st.composite
def spoken(draw: st.DrawFn) -> list[Word]:
    clock, words = draw(st.integers(0, 900)), []
    for text, duration_ms, pause_ms in draw(WORDS):
        words.append(Word(text, clock, clock + duration_ms))
        clock += duration_ms + pause_ms
    return words


@st.composite
def cuts(draw: st.DrawFn) -> list[int]:
    """As a film has them, no two within half a second; on frames or not."""
    gaps = draw(st.lists(st.integers(500, 4000), max_size=20))
    times, clock = [], draw(st.integers(0, 2000))
    for gap in gaps:
        clock += gap
        times.append(clock)
    return times


ANY_RULES = st.sampled_from([None, Fraction(10), *RATES.values()]).map(
    lambda rate: rules_for(LayoutOptions(), "en", rate)
)


@given(spoken(), cuts(), ANY_RULES)
def test_hard_limits_hold_among_cuts(words: list[Word], cuts: list[int], rules: Rules) -> None:
    cues = layout(words, rules, cuts_ms=cuts, media_end_ms=200_000)
    Track("en", cues)
    assert [word for cue in cues for word in cue.words] == words
    grid = rules.grid
    for cue, following in pairwise(cues):
        assert following.start_ms - cue.end_ms >= Fraction(2000) / (rules.frame_rate or 24)
        seen = following.start_ms - cue.end_ms >= rules.chain_gap_ms
        assert seen or cue.end_ms == grid.gone_ms(following.start_ms)
    for cue in cues:
        assert cue.duration_ms <= rules.max_cue_ms
        assert cue.start_ms in cuts or grid.first_in_ms(cue.start_ms) == cue.start_ms
        at_cut = cue.end_ms + grid.gap_ms in cuts
        assert at_cut or grid.last_out_ms(cue.end_ms) == cue.end_ms


def test_a_cut_that_two_cues_would_share_is_not_worth_too_short_a_stay() -> None:
    """The second could come on with it, and the first would have to go after 0.4 s."""
    rules = rules_for(LayoutOptions(), "en", None)
    words = [Word("a", 0, 101), Word("a", 1001, 1234), Word("a", 1834, 1834)]
    cues = [Cue(w.start_ms, w.start_ms + 1, (w.text,), (w,)) for w in words]
    assert all(cue.duration_ms >= rules.min_cue_ms for cue in timed(cues, rules, Edges(), [502]))


@given(spoken(), cuts(), ANY_RULES)
def test_cuts_make_no_cue_too_short_that_was_not(
    words: list[Word], cuts: list[int], rules: Rules
) -> None:
    plain = [Cue(w.start_ms, w.start_ms + 1, (w.text,), (w,)) for w in words]
    without = timed(plain, rules, Edges())
    if all(cue.duration_ms >= rules.min_cue_ms for cue in without):
        for cue in timed(plain, rules, Edges(), cuts):
            assert cue.duration_ms >= rules.min_cue_ms


@given(spoken(), cuts(), ANY_RULES)
def test_timing_cues_among_cuts_again_changes_nothing(
    words: list[Word], cuts: list[int], rules: Rules
) -> None:
    once = timed(layout(words, rules, cuts_ms=cuts), rules, Edges(), cuts)
    assert timed(once, rules, Edges(), cuts) == once


@given(spoken(), cuts(), ANY_RULES)
def test_islands_among_cuts_need_not_know_their_neighbours(
    words: list[Word], cuts: list[int], rules: Rules
) -> None:
    alone = [cue for run in islands(words) for cue in layout(run, rules, cuts_ms=cuts)]
    assert tuple(alone) == layout(words, rules, cuts_ms=cuts)


@given(spoken(), cuts(), ANY_RULES)
def test_cuts_far_from_an_island_do_not_matter_to_it(
    words: list[Word], cuts: list[int], rules: Rules
) -> None:
    """So an island can be laid out once the search for cuts is a little past it."""
    reach = reach_ms(rules)
    for run in islands(words):
        near = [c for c in cuts if run[0].start_ms - reach <= c <= run[-1].end_ms + reach]
        assert layout(run, rules, cuts_ms=near) == layout(run, rules, cuts_ms=cuts)


@given(st.integers(0, 3000), st.integers(500, 5000), cuts(), ANY_RULES)
def test_a_lonely_cue_is_never_beside_a_cut(
    start_ms: int, spoken_ms: int, cuts: list[int], rules: Rules
) -> None:
    """Cuts two zones apart leave room for every cue, whatever its voice does."""
    apart = cuts[::4]
    end_ms = start_ms + spoken_ms
    spoken = Cue(start_ms, end_ms, ("Nobody.",), (Word("x", start_ms, end_ms),))
    (cue,) = timed([spoken], rules, Edges(), apart)
    frame_ms = rules.grid.picture * rules.grid.in_ms(1)
    for cut_ms in apart:
        on, off = cue.start_ms - cut_ms, cue.end_ms - cut_ms
        assert on == 0 or abs(on) > 499 - frame_ms / 2, "on with the cut, or away from it"
        before = off >= -rules.grid.gap_ms - 2 * frame_ms and off <= 0
        assert before or abs(off) > 499 - frame_ms / 2
