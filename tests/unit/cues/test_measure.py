import pytest

from polycue.cues.measure import reading_chars, width


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Hello, world!", "en", 13),
        ("cafe\u0301", "fr", 4),  # the accent is a mark of its own
        ("👨‍👩‍👧", "en", 2),  # one picture of three, joined
        ("🇫🇷", "en", 2),
        ("❤️", "en", 2),
        ("a\u200bb\u200f", "en", 2),  # zero-width space, direction mark
        ("\u0301", "en", 0),
        ("日本", "en", 4),
        ("日本", "ja", 2),
        ("ﾆﾎﾝ", "ja", 1.5),  # half-width kana
        ("2 日", "zh-Hant", 2),
        ("한국 A", "ko", 3),
        ("한국, 2026!", "ko", 5.5),  # Hangul 1; Latin letters, digits, spaces and marks a half
        ("มี่", "th", 1),  # a vowel above and a tone mark
        ("น้ำ", "th", 2),  # the second vowel stands beside its letter
        ("มุม", "th", 2),  # a vowel below
        ("مُحَمَّد", "ar", 4),
        ("سَلَامٌ عَلَيْكُمْ", "ar", 10),
        ("שָׁלוֹם", "he", 4),
        ("हिन्दी", "hi", 2),  # vowel signs and a conjunct
        ("", "en", 0),
    ],
)
def test_width_is_what_the_eye_sees(text: str, language: str, expected: float) -> None:
    assert width(text, language) == expected


def test_reading_counts_spaces_and_marks_but_not_line_breaks() -> None:
    assert reading_chars("Who's\nthere?", "en") == 11


def test_a_reader_of_thai_or_arabic_takes_in_letters_and_not_their_marks() -> None:
    assert reading_chars("น้ำ มี่", "th") == 4
    assert reading_chars("مُحَمَّد", "ar") == reading_chars("محمد", "ar") == 4


def test_a_wide_character_is_read_as_one_in_a_latin_text() -> None:
    assert reading_chars("日本 👍", "en") == 4


def test_half_width_characters_count_half_in_japanese() -> None:
    assert reading_chars("日本ABC", "ja") == 4  # 3.5, rounded up
