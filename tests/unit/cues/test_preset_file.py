"""Presets as people write them: what is right is taken, what is wrong is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.preset_file import BOUNDS, VARIANTS, parse_preset, preset_names, shipped
from polycue.cues.presets import Rules, rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import canonical
from polycue.domain.request import Audience, LayoutOptions

HOUSE = """
extends = "netflix"

[default]
max_line_chars = 38
max_chars_per_second = 15.5

[languages.ja]
max_line_chars = 14
sdh = { max_line_chars = 15 }

[languages.de]
max_cue_ms = "none"
"""


def house(language: str, text: str = HOUSE, **options: object) -> Rules:
    wish = LayoutOptions("house.toml", custom_preset=text, **options)  # type: ignore[arg-type]
    return rules_for(wish, language, None)


def refusal(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        house("en", text)
    assert caught.value.field == "layout.custom_preset"
    return caught.value


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_that_ships_says_what_it_is_and_where_it_is_from(name: str) -> None:
    preset = shipped(name)
    assert preset.title
    assert preset.note
    assert bool(preset.source) == bool(preset.checked)
    assert preset.source.startswith("https://") or "polycue's" in preset.note or name == "raw"
    for language in ("und", *preset.languages):
        assert canonical(language) == language
        for audience in Audience:
            for impaired in (False, True):
                options = LayoutOptions(name, audience=audience, hearing_impaired=impaired)
                assert rules_for(options, language, None).language == language


def test_a_preset_of_ones_own_stands_over_the_one_it_extends() -> None:
    english, japanese, german = house("en"), house("ja"), house("de")
    assert (english.max_line_chars, english.max_chars_per_second) == (38, 15.5)
    assert (english.min_cue_ms, english.linger_ms, english.dash) == (833, 500, "tight")
    assert (japanese.max_line_chars, japanese.min_cue_ms) == (14, 500)
    assert house("ja", hearing_impaired=True).max_line_chars == 15
    assert english.limit("max_cue_ms") == 7000
    assert german.limit("max_cue_ms") is None


def test_without_a_base_nothing_is_a_rule_but_what_it_says() -> None:
    rules = house("en", "[default]\nmax_line_count = 1\n")
    assert rules.limit("max_line_count") == 1
    assert rules.unchecked == {
        *("max_line_chars", "min_cue_ms", "max_cue_ms", "max_chars_per_second"),
        *("min_gap_frames", "chain_gap_ms", "linger_ms"),
    }
    assert rules.max_line_chars == 42, "the layout has a number all the same"
    assert rules.shot_zone_ms is rules.italics is None


def test_translations_may_have_to_be_read_more_slowly() -> None:
    text = "[default]\nmax_chars_per_second = 20\ntranslated = { max_chars_per_second = 15 }"
    options = LayoutOptions("house.toml", custom_preset=text)
    assert rules_for(options, "es", None).max_chars_per_second == 20
    assert rules_for(options, "es", None, translated=True).max_chars_per_second == 15


def test_json_says_the_same_as_toml() -> None:
    text = json.dumps({"extends": "netflix", "default": {"max_line_chars": 38}})
    assert house("fr", text).max_line_chars == 38
    assert house("fr", text).max_chars_per_second == 17


def test_a_number_of_the_request_is_a_rule_over_every_preset() -> None:
    rules = rules_for(LayoutOptions("raw", max_cue_ms=4000, linger_ms=100), "en", None)
    assert (rules.limit("max_cue_ms"), rules.limit("linger_ms")) == (4000, 100)
    assert rules.limit("min_cue_ms") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_line_chars = 40", "there is no 'max_line_chars' here; there is extends, title"),
        ("[default]\nmax_line_width = 4", "[default] there is no 'max_line_width' here; there is"),
        ("[default]\nmax_line_chars = 300", "[default.max_line_chars] 300 is not within 1 to 200"),
        ("[default]\nmax_line_chars = 40.5", "40.5 is not a whole number, 1 to 200"),
        ("[default]\nmax_line_chars = true", "True is not a whole number"),
        ("[default]\nmax_line_chars = '40'", "'40' is not a whole number"),
        ("[default]\nmax_chars_per_second = nan", "nan is not within 1 to 1000"),
        ("[default]\nmax_cue_ms = 1000\nmin_cue_ms = 2000", "the shortest stay, 2000 ms, is over"),
        ("[default]\ndash = 'long'", "'long' is none of tight, spaced, second"),
        ("[default]\nitalics = 'no'", "'no' is neither true nor false"),
        ("[default]\non_frames = true", "there is no 'on_frames' here"),
        ("[layout]\nlinger_ms = 'none'", "[layout.linger_ms] 'none' is not a whole number"),
        ("[default]\nadults = {}", "there is no 'adults' here"),
        ("[default.sdh]\nchildren = {}", "[default.sdh] there is no 'children' here"),
        ("[languages.gibberish-language]\nmax_cue_ms = 2000", "is no language"),
        ("[languages]\nde = 3", "[languages.de] '3' is no table"),
        ("default = 3", "[default] '3' is no table"),
        ("extends = 'amara'", "[extends] 'amara' is none of bbc, netflix"),
        ("extends = 3", "[extends] is not text"),
        ("checked = 'lately'", "[checked] 'lately' is no date"),
        ("source = 3", "[source] is not text"),
        ("this is no TOML", "at line 1"),
        ('{"default": ', "line 1 column"),
        ('{"default": [1]}', "is no table"),
        ('{"default": ' + "[" * 20_000, "house.toml: "),
        ("[default]\nmax_cue_ms = " + "9" * 5000, "house.toml: "),
        ("\na" + ".a" * 30_000 + " = 1", "line 2 has more than 64 dots"),
    ],
)
def test_what_is_wrong_in_it_is_named_with_file_and_key(text: str, said: str) -> None:
    error = refusal(text)
    assert error.problem.startswith("house.toml: ")
    assert said in error.problem
    assert len(error.problem) < 500


@given(st.text(max_size=60) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["default", "languages", "layout", "de", "sdh", "dash", *BOUNDS]),
        inner, max_size=4,
    ),
    max_leaves=12,
).map(json.dumps))  # fmt: skip
def test_no_text_does_anything_but_be_taken_or_refused(text: str) -> None:
    try:
        preset = parse_preset(text, "house")
        assert preset.rules("de", VARIANTS) is not None
    except InvalidRequest as error:
        assert error.field == "layout.custom_preset"  # noqa: PT017
