from fractions import Fraction

import pytest

from polycue.cues.presets import preset_names, rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import LayoutOptions

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
