import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.translation.tokens import pieces, words


def texts_of(text: str, language: str) -> list[str]:
    return [piece for piece, _ in pieces(text, language)]


def test_words_are_split_at_spaces_of_any_kind() -> None:
    assert pieces(" Hola \n mundo\u00a0bueno ", "es") == [
        ("Hola", False),
        ("mundo", False),
        ("bueno", False),
    ]


def test_japanese_is_split_by_characters_that_join() -> None:
    assert pieces("古い家", "ja") == [("古", False), ("い", True), ("家", True)]


def test_a_latin_word_in_chinese_stays_whole() -> None:
    assert texts_of("我喜欢Python语言。", "zh-Hant") == ["我", "喜", "欢", "Python", "语", "言。"]


def test_no_line_can_begin_with_a_closing_mark_nor_end_with_an_opening_one() -> None:
    assert texts_of("「私」は、（東）。", "ja") == ["「私」", "は、", "（東）。"]


def test_thai_vowel_signs_stay_with_their_consonant() -> None:
    assert texts_of("ที่นี่", "th") == ["ที่", "นี่"]


def test_the_long_mark_stays_with_its_kana() -> None:
    assert texts_of("ラーメン", "ja") == ["ラー", "メ", "ン"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bonjour !", ["Bonjour !"]),
        ("« Bonjour » dit-il", ["« Bonjour »", "dit-il"]),
        ("- Hola", ["- Hola"]),
        ("Uno – dos", ["Uno –", "dos"]),
        ("...", ["..."]),
        ("♪", ["♪"]),
    ],
)
def test_a_mark_on_its_own_goes_with_a_word(text: str, expected: list[str]) -> None:
    assert texts_of(text, "fr") == expected


def test_words_for_comparing_have_no_case_and_no_marks() -> None:
    assert words("«La CASA», 東京!") == ["la", "casa", "東", "京"]


@given(st.text(), st.sampled_from(["es", "ja", "zh", "th", "und"]))
def test_pieces_put_together_are_the_text_with_even_spaces(text: str, language: str) -> None:
    found = pieces(text, language)
    joined = "".join(p if i == 0 or j else f" {p}" for i, (p, j) in enumerate(found))
    assert joined == " ".join(text.split())
    assert all(piece and piece == piece.strip() for piece, _ in found)
