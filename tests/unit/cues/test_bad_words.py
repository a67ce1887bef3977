"""Words as no speaker says them: each stands once and in order, and nothing takes for ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.layout import layout
from polycue.cues.measure import width
from polycue.cues.presets import rules_for
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word

LANGUAGES = st.sampled_from(["en", "fr", "ja", "zh-Hant", "th", "km", "ko", "ar", "hi", "und"])
# Pieces as a recogniser cuts them: within syllables, clusters, flags and emoji too.
PIECES = st.sampled_from(
    [
        *"ก้ำเแน日本ーっ。「」、あ漢",
        *("ស", "្", "រ", "\u0301", "\u200d", "👩", "🚀", "🇫", "🇷", "한", "\u11ab", "हि", "न्"),
        *("a", "the", ".", "-", "--", "שלום", "مرحبا", "\u202e", "１", "20", "％", "ๆ", "…"),
    ]
)


@st.composite
def torn_words(draw: st.DrawFn) -> list[Word]:
    """Some joined and some not, of any length, with times that go back and forth."""
    words = []
    for text, joined in draw(st.lists(st.tuples(PIECES, st.booleans()), min_size=1, max_size=30)):
        start_ms = draw(st.integers(0, 20_000))
        words.append(Word(text, start_ms, start_ms + draw(st.integers(0, 900)), joined=joined))
    return words


def said(cues: tuple[Cue, ...]) -> list[Word]:
    return [word for cue in cues for word in cue.words]


@given(torn_words(), LANGUAGES)
def test_pieces_of_any_script_stand_once_and_in_order(words: list[Word], language: str) -> None:
    rules = rules_for(LayoutOptions(), language, None)
    cues = layout(words, rules)
    assert said(cues) == words
    text = "".join("".join(cue.lines) for cue in cues)
    assert text.replace(" ", "") == "".join(word.text for word in words)
    for cue in cues:
        fits = all(width(line, language) <= rules.max_line_chars for line in cue.lines)
        assert fits != (CueFlag.TOO_WIDE in cue.flags) or len(cue.lines) > rules.max_line_count


def test_words_without_length_at_one_moment_are_shown_in_order() -> None:
    texts = ["nobody", "knows", "when", "any", "of", "this", "was", "said"]
    words = [Word(text, 5000, 5000) for text in texts]
    cues = layout(words, rules_for(LayoutOptions(), "en", None))
    assert said(cues) == words


def test_times_that_go_backwards_do_not_turn_the_text_round() -> None:
    texts = ["and", "then", "the", "clock", "ran", "back", "to", "where", "it", "was"]
    words = [Word(text, 9000 - 500 * n, 9400 - 500 * n) for n, text in enumerate(texts)]
    cues = layout(words, rules_for(LayoutOptions(), "en", None))
    assert said(cues) == words
    assert [cue.start_ms for cue in cues] == sorted(cue.start_ms for cue in cues)


@pytest.mark.parametrize("text", ["a" * 10_000, "ab-" * 3000, "\u0301" * 10_000, "ก" * 10_000])
def test_a_word_of_ten_thousand_characters_is_shown_and_flagged(text: str) -> None:
    words = [Word("see", 0, 200), Word(text, 300, 900), Word("there", 1000, 1300)]
    cues = layout(words, rules_for(LayoutOptions(), "th", None))
    assert said(cues) == words
    wide = {CueFlag.TOO_WIDE in cue.flags for cue in cues if text in " ".join(cue.lines)}
    assert wide == {width(text, "th") > 35}


def test_speech_without_a_mark_or_a_pause_is_cut_all_the_same() -> None:
    words = [Word(("the", "river", "and", "mountains")[n % 4], 300 * n, 300 * n + 300)
             for n in range(4000)]  # fmt: skip
    rules = rules_for(LayoutOptions(), "en", None)
    cues = layout(words, rules)
    assert said(cues) == words
    assert max(width(line, "en") for cue in cues for line in cue.lines) <= 42
    assert not any(cue.words[-1].text in ("the", "and") for cue in cues[:-1])


def test_text_of_two_directions_keeps_its_logical_order() -> None:
    text = "He said שלום לכולם and then مرحبا بكم جميعا before 10:30 and left"
    texts = text.split()
    words = [Word(text, 300 * n, 300 * n + 250) for n, text in enumerate(texts)]
    cues = layout(words, rules_for(LayoutOptions(), "en", None))
    assert " ".join(" ".join(cue.lines) for cue in cues).split() == texts
