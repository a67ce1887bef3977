"""Each rule on the smallest film that breaks it, and on its neighbour that does not."""

from dataclasses import replace
from fractions import Fraction

import pytest

from polycue.cues.lint.sheet import Surroundings
from polycue.cues.presets import Rules, rules_for
from polycue.cues.report import report_on
from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.domain.report import LintRule, TrackReport, Violation
from polycue.domain.request import LayoutOptions

FILM = Fraction(24000, 1001)
NETFLIX = rules_for(LayoutOptions(), "en", FILM)
WITHOUT_RATE = replace(NETFLIX, frame_rate=None)


def cue(start_ms: int, end_ms: int, text: str = "Good morning.") -> Cue:
    return Cue(start_ms, end_ms, tuple(text.split("|")))


def report(*cues: Cue, rules: Rules = NETFLIX, around: Surroundings | None = None) -> TrackReport:
    return report_on(cues, rules, preset="netflix", around=around)


def broken(rule: LintRule, *cues: Cue, rules: Rules = NETFLIX, **around: object) -> list[Violation]:
    surroundings = Surroundings(**around)  # type: ignore[arg-type]
    found = report(*cues, rules=rules, around=surroundings)
    (result,) = (result for result in found.rules if result.rule is rule)
    own = [violation for violation in found.violations if violation.rule is rule]
    assert result.count == len(own)
    return own


def why_not(rule: LintRule, *cues: Cue, rules: Rules = NETFLIX) -> str:
    (result,) = (result for result in report(*cues, rules=rules).rules if result.rule is rule)
    assert result.count is None
    assert result.per_thousand is None
    return result.why_not


def test_a_good_cue_breaks_nothing() -> None:
    found = report(cue(1000, 2500))
    assert found.violations == ()
    assert (found.cue_count, found.clean_cue_count) == (1, 1)


def test_lines_and_their_width_have_limits() -> None:
    three = cue(0, 6000, "one of|the three|of us")
    assert broken(LintRule.LINES, three) == [Violation(LintRule.LINES, 1, 3, 2)]
    wide = cue(0, 6000, "m" * 43)
    assert broken(LintRule.LINE_LENGTH, wide) == [Violation(LintRule.LINE_LENGTH, 1, 43, 42)]
    assert not broken(LintRule.LINE_LENGTH, cue(0, 6000, "m" * 42))


def test_width_is_counted_as_the_language_wants_it() -> None:
    rules = rules_for(LayoutOptions(), "ja", FILM)
    assert broken(LintRule.LINE_LENGTH, cue(0, 6000, "あ" * 14), rules=rules)
    assert not broken(LintRule.LINE_LENGTH, cue(0, 6000, "あ" * 13), rules=rules)


def test_reading_speed_is_of_all_characters_but_line_breaks() -> None:
    exact = cue(0, 1000, "m" * 10 + "|" + "m" * 10)
    assert not broken(LintRule.READING_SPEED, exact)
    fast = cue(0, 1000, "m" * 10 + "|" + "m" * 11)
    assert broken(LintRule.READING_SPEED, fast) == [Violation(LintRule.READING_SPEED, 1, 21.0, 20)]


def test_stays_have_limits_but_for_rounding() -> None:
    assert not broken(LintRule.MIN_DURATION, cue(0, 832, "Yes."))
    assert broken(LintRule.MIN_DURATION, cue(0, 831, "Yes."))
    assert not broken(LintRule.MAX_DURATION, cue(0, 7001))
    assert broken(LintRule.MAX_DURATION, cue(0, 7002))


def test_a_cue_may_not_come_on_while_another_stands() -> None:
    first, second, third = cue(0, 5000), cue(1000, 2000), cue(3000, 4000)
    found = broken(LintRule.OVERLAP, first, second, third)
    assert [(v.cue, v.measured) for v in found] == [(2, 4000), (3, 2000)]


def test_disorder_is_told_of_in_the_order_of_the_file() -> None:
    late, early = cue(5000, 6000), cue(1000, 2000)
    found = broken(LintRule.ORDER, late, early)
    assert found == [Violation(LintRule.ORDER, 2, 4000, 0)]
    assert not broken(LintRule.OVERLAP, late, early)


# Two frames of this film are 83.4 ms.
@pytest.mark.parametrize(
    ("gap_ms", "rule"),
    [
        (0, LintRule.GAP),
        (82, LintRule.GAP),
        (83, None),
        (85, None),
        (86, LintRule.FLICKER),
        (498, LintRule.FLICKER),
        (499, None),
        (3000, None),
    ],
)
def test_gaps_are_two_frames_or_half_a_second(gap_ms: int, rule: LintRule | None) -> None:
    cues = (cue(0, 1000), cue(1000 + gap_ms, 3000 + gap_ms))
    found = [v.rule for v in report(*cues).violations]
    assert found == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("gap_ms", "rule"),
    [(0, LintRule.GAP), (34, None), (67, None), (84, None), (120, LintRule.FLICKER)],
)
def test_without_a_frame_rate_only_what_is_wrong_at_any_is_told(
    gap_ms: int, rule: LintRule | None
) -> None:
    # Two frames are 33 ms at 60 fps and 83 ms at 24: a file may be right at the one or the other.
    cues = (cue(0, 1000), cue(1000 + gap_ms, 3000 + gap_ms))
    found = [v.rule for v in report(*cues, rules=WITHOUT_RATE).violations]
    assert found == ([rule] if rule else [])


def test_gaps_are_counted_by_their_length() -> None:
    times = [(0, 1000), (1000, 2000), (2040, 3000), (3084, 4000), (4200, 5000), (5500, 7000)]
    gaps = report(*(cue(*stay) for stay in times)).gaps
    assert (gaps.touching, gaps.below_minimum, gaps.closed) == (1, 1, 1)
    assert (gaps.flicker, gaps.seen) == (1, 1)


def test_the_end_of_the_film_is_a_limit_where_it_is_known() -> None:
    assert "not known" in why_not(LintRule.BEYOND_END, cue(0, 2000))
    found = broken(LintRule.BEYOND_END, cue(0, 2000), media_end_ms=1900)
    assert found == [Violation(LintRule.BEYOND_END, 1, 2000, 1900)]


def test_cues_come_on_with_the_voice_where_speech_is_known() -> None:
    assert "not known" in why_not(LintRule.SILENT_START, cue(0, 2000))
    speech = (Span(1000, 2000), Span(5000, 6000))
    fine = [cue(900, 1500), cue(1600, 2100), cue(2125, 3000), cue(4880, 6000)]
    assert not broken(LintRule.SILENT_START, *fine, speech=speech)
    silent = [cue(0, 900), cue(3000, 4000), cue(7000, 8000)]
    found = broken(LintRule.SILENT_START, *silent, speech=speech)
    assert [(v.cue, v.measured) for v in found] == [(1, 1000), (2, 1000), (3, 1000)]


def test_two_lines_that_fit_on_one_are_told_of() -> None:
    assert broken(LintRule.ONE_LINE, cue(0, 2000, "Good|morning."))
    assert not broken(LintRule.ONE_LINE, cue(0, 2000, "m" * 21 + "|" + "m" * 21))
    assert not broken(LintRule.ONE_LINE, cue(0, 2000, "- Hello.|- Hi."))


def test_a_short_word_alone_on_a_line_is_an_orphan() -> None:
    found = broken(LintRule.ORPHAN, cue(0, 4000, "nobody knows where the river ends|now."))
    assert found == [Violation(LintRule.ORPHAN, 1, detail="now.")]
    assert not broken(LintRule.ORPHAN, cue(0, 4000, "we read of it in the|Donaudampfschiff"))
    assert not broken(LintRule.ORPHAN, cue(0, 4000, "- nobody knows where the river ends|- No."))


def test_orphans_are_of_languages_that_part_words() -> None:
    rules = rules_for(LayoutOptions(), "ja", FILM)
    assert "not parted" in why_not(LintRule.ORPHAN, cue(0, 4000, "東京|は"), rules=rules)


def test_function_words_belong_to_what_follows() -> None:
    assert broken(LintRule.LINE_END, cue(0, 4000, "we walked down to the|river"))[0].detail == "the"
    assert not broken(LintRule.LINE_END, cue(0, 4000, "we walked down|to the river"))
    assert not broken(LintRule.LINE_END, cue(0, 4000, "do you know what for?|no"))
    assert not broken(LintRule.LINE_END, cue(0, 4000, "I know that|because I saw it"))
    ends = broken(LintRule.CUE_END, cue(0, 1000, "down to the"), cue(2000, 3000, "river."))
    assert [(v.cue, v.detail) for v in ends] == [(1, "the")]


def test_without_a_word_list_function_words_are_not_checked() -> None:
    rules = rules_for(LayoutOptions(), "sw", FILM)
    assert why_not(LintRule.LINE_END, rules=rules) == "there is no list of function words for sw"


def test_a_sentence_does_not_begin_in_a_cue_that_it_leaves() -> None:
    across = cue(0, 3000, "They met Dr. Wu. Then they"), cue(4000, 6000, "went home.")
    assert [v.cue for v in broken(LintRule.SENTENCE_INSIDE, *across)] == [1]
    whole = cue(0, 3000, "They met. Then they went."), cue(4000, 6000, "Nobody cared.")
    assert not broken(LintRule.SENTENCE_INSIDE, *whole)
    title = cue(0, 3000, "They met Dr. Wu and"), cue(4000, 6000, "went home.")
    assert not broken(LintRule.SENTENCE_INSIDE, *title)


def test_scripts_without_full_stops_are_not_checked_for_sentences() -> None:
    rules = rules_for(LayoutOptions(), "th", FILM)
    assert "in th" in why_not(LintRule.SENTENCE_INSIDE, rules=rules)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("a\0b", "U+0000"),
        ("a\ufffdb", "U+FFFD REPLACEMENT CHARACTER"),
        ("a\ue000b", "U+E000"),
        ("a\u0378b", "U+0378"),
        ("a\ud800b", "U+D800"),
    ],
)
def test_characters_that_cannot_be_shown_are_named(text: str, detail: str) -> None:
    assert broken(LintRule.GLYPH, cue(0, 2000, text)) == [
        Violation(LintRule.GLYPH, 1, detail=detail)
    ]


@pytest.mark.parametrize("text", ["naïve\u00a0?", "👩‍👩‍👧 ok", "\u200fשלום", "e\u0301", "می‌خواهم"])
def test_joiners_marks_and_directions_are_fine(text: str) -> None:
    assert not broken(LintRule.GLYPH, cue(0, 2000, text))


def test_a_lone_combining_mark_has_no_width_and_is_no_crash() -> None:
    found = report(cue(0, 2000, "\u0301"))
    assert found.chars is not None
    assert found.chars.max == 0


def test_what_the_preset_does_not_name_is_not_checked() -> None:
    cues = [Cue(0, 400, ("A line that nobody can read in so little time.",))]
    report = report_on(cues, rules_for(LayoutOptions("raw"), "en", None), preset="raw")
    unchecked = {result.rule for result in report.rules if result.count is None}
    assert unchecked >= {LintRule.LINES, LintRule.LINE_LENGTH, LintRule.MIN_DURATION}
    assert unchecked >= {LintRule.READING_SPEED, LintRule.GAP, LintRule.FLICKER}


def test_the_bbc_counts_words() -> None:
    rules = rules_for(LayoutOptions("bbc"), "en", None)
    cues = [Cue(0, 1000, ("One two three four.",)), Cue(3000, 5000, ("One two three four.",))]
    found = report_on(cues, rules, preset="bbc")
    (speed,) = (v for v in found.violations if v.rule is LintRule.READING_SPEED)
    assert speed == Violation(LintRule.READING_SPEED, 1, 240, 180)
    (result,) = (r for r in found.rules if r.rule is LintRule.READING_SPEED)
    assert result.unit == "words per minute"


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("en", "-Yes.|-No.", ["- Yes.|- No.", "Yes.|-No.", "-Yes.|- No."]),
        ("es", "- Sí.|- No.", ["-Sí.|-No.", "Sí.|- No."]),
        ("nl", "Ja.|-Nee.", ["-Ja.|-Nee.", "Ja.|- Nee."]),
    ],
)
def test_speakers_are_marked_as_the_language_wants_it(
    language: str, good: str, bad: list[str]
) -> None:
    rules = rules_for(LayoutOptions(), language, FILM)
    assert not broken(LintRule.DIALOGUE_DASH, cue(0, 2000, good), rules=rules)
    assert not broken(LintRule.DIALOGUE_DASH, cue(0, 2000, "One voice|on two lines."), rules=rules)
    for text in bad:
        assert broken(LintRule.DIALOGUE_DASH, cue(0, 2000, text), rules=rules)


# The picture cuts at 10 s; two frames are 83 ms.
@pytest.mark.parametrize(
    ("start_ms", "end_ms", "rules"),
    [
        (10_000, 12_000, []),
        (10_010, 12_000, []),
        (10_100, 12_000, [LintRule.SHOT_IN]),
        (9_700, 12_000, [LintRule.SHOT_IN]),
        (9_500, 12_000, []),
        (10_500, 12_000, []),
        (8_000, 9_916, []),
        (8_000, 10_000, [LintRule.SHOT_OUT]),
        (8_000, 9_700, [LintRule.SHOT_OUT]),
        (8_000, 10_300, [LintRule.SHOT_OUT]),
        (8_000, 9_500, []),
        (8_000, 10_500, []),
    ],
)
def test_cues_change_with_the_picture_or_away_from_it(
    start_ms: int, end_ms: int, rules: list[LintRule]
) -> None:
    around = Surroundings(cuts=(2_000, 10_000, 60_000))
    assert [v.rule for v in report(cue(start_ms, end_ms), around=around).violations] == rules


def test_shot_changes_that_nobody_looked_for_are_not_checked() -> None:
    assert "not known" in why_not(LintRule.SHOT_IN, cue(0, 2000))
    assert not broken(LintRule.SHOT_IN, cue(100, 2000), cuts=())
