from fractions import Fraction

import pytest

from polycue.cues.presets import preset_names, rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import Audience, LayoutOptions, ShotMode

NETFLIX = LayoutOptions()


def test_english_takes_the_general_limits_but_is_read_faster() -> None:
    rules = rules_for(NETFLIX, "en-GB", Fraction(25))
    assert (rules.max_line_chars, rules.max_line_count) == (42, 2)
    assert (rules.min_cue_ms, rules.max_cue_ms, rules.linger_ms) == (833, 7000, 500)
    assert rules.max_chars_per_second == 20
    assert rules_for(NETFLIX, "fr", None).max_chars_per_second == 17


@pytest.mark.parametrize(
    ("language", "line_chars", "speed"),
    [("ja", 13, 4), ("zh-Hant-TW", 16, 9), ("ko", 16, 12), ("th", 35, 17), ("ar", 42, 20),
     ("hi", 42, 22), ("und", 42, 17), ("tlh", 42, 17)],
)  # fmt: skip
def test_languages_have_limits_of_their_own(language: str, line_chars: int, speed: float) -> None:
    rules = rules_for(NETFLIX, language, None)
    assert (rules.max_line_chars, rules.max_chars_per_second) == (line_chars, speed)


@pytest.mark.parametrize(
    ("language", "subtitles", "children", "captions", "childrens_captions"),
    [("en", 20, 17, 20, 17), ("fr", 17, 13, 20, 17), ("ja", 4, 4, 7, 7), ("zh", 9, 7, 11, 9),
     ("ko", 12, 9, 14, 11), ("th", 17, 13, 20, 17), ("ar", 20, 17, 23, 20), ("hi", 22, 18, 25, 20),
     ("ta", 22, 18, 22, 18), ("he", 17, 13, 20, 17)],
)  # fmt: skip
def test_children_read_more_slowly_and_captions_may_be_faster(
    language: str, subtitles: int, children: int, captions: int, childrens_captions: int
) -> None:
    def speed(audience: Audience, *, impaired: bool) -> float:
        options = LayoutOptions(audience=audience, hearing_impaired=impaired)
        return rules_for(options, language, None).max_chars_per_second

    assert speed(Audience.ADULT, impaired=False) == subtitles
    assert speed(Audience.CHILDREN, impaired=False) == children
    assert speed(Audience.ADULT, impaired=True) == captions
    assert speed(Audience.CHILDREN, impaired=True) == childrens_captions


def test_chinese_captions_have_wider_and_more_lines() -> None:
    rules = rules_for(LayoutOptions(hearing_impaired=True), "zh-Hans", None)
    assert (rules.max_line_chars, rules.max_line_count) == (18, 3)


def test_a_dialogue_is_dashed_as_the_language_has_it() -> None:
    dashes = {code: rules_for(NETFLIX, code, None).dash for code in ("en", "fr", "nl", "he", "tlh")}
    assert dashes == {"en": "tight", "fr": "spaced", "nl": "second", "he": None, "tlh": None}


def test_the_bbc_counts_words_and_wants_no_gap_or_a_long_one() -> None:
    rules = rules_for(LayoutOptions("bbc"), "en", Fraction(25))
    assert (rules.max_line_chars, rules.max_words_per_minute) == (37, 180)
    assert (rules.grid.gap, rules.chain_gap_ms, rules.linger_ms) == (0, 1000, 1500)
    assert rules.limit("max_chars_per_second") is None
    assert rules_for(LayoutOptions("bbc"), "th", None).max_words_per_minute is None


def test_a_preset_without_cuts_asks_for_none() -> None:
    assert rules_for(NETFLIX, "en", None).shot_zone_ms == 500
    assert rules_for(LayoutOptions("ted"), "en", None).shot_zone_ms is None


def test_cuts_that_are_asked_for_are_heeded_though_the_preset_has_no_rule_about_them() -> None:
    rules = rules_for(LayoutOptions("ted", shots=ShotMode.ON), "en", None)
    assert (rules.shot_zone_ms, rules.shot_gap_frames) == (500, 2)
    assert rules.limit("shot_zone_ms") is None, "what is no rule is not checked"


def test_raw_cues_answer_to_no_frames() -> None:
    assert rules_for(LayoutOptions("raw"), "en", Fraction(25)).grid.in_ms(777) == 777


def test_the_callers_numbers_win() -> None:
    options = LayoutOptions(max_line_chars=37, max_line_count=3, max_chars_per_second=15.5)
    rules = rules_for(options, "ja", None)
    assert (rules.max_line_chars, rules.max_line_count, rules.max_chars_per_second) == (37, 3, 15.5)
    assert rules.min_cue_ms == 500


def test_no_name_means_the_default_preset() -> None:
    assert rules_for(LayoutOptions(preset=""), "en", None) == rules_for(NETFLIX, "en", None)
    assert "netflix" in preset_names()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (LayoutOptions(preset="../netflix"), "layout.preset"),
        (LayoutOptions(max_line_chars=0), "layout.max_line_chars"),
        (LayoutOptions(max_line_chars=201), "layout.max_line_chars"),
        (LayoutOptions(max_line_count=5), "layout.max_line_count"),
        (LayoutOptions(min_cue_ms=-1), "layout.min_cue_ms"),
        (LayoutOptions(min_gap_frames=25), "layout.min_gap_frames"),
        (LayoutOptions(chain_gap_ms=5001), "layout.chain_gap_ms"),
        (LayoutOptions(linger_ms=-1), "layout.linger_ms"),
        (LayoutOptions(min_cue_ms=8000), "layout.min_cue_ms"),  # over the preset's longest
        (LayoutOptions(max_cue_ms=999), "layout.max_cue_ms"),
        (LayoutOptions(min_cue_ms=3000, max_cue_ms=2000), "layout.min_cue_ms"),
        (LayoutOptions(max_chars_per_second=0.0), "layout.max_chars_per_second"),
        (LayoutOptions(max_chars_per_second=float("nan")), "layout.max_chars_per_second"),
        (LayoutOptions(max_chars_per_second=float("inf")), "layout.max_chars_per_second"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: LayoutOptions, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        rules_for(options, "en", None)
    assert caught.value.field == field
