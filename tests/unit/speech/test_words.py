import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.transcript import Word, text_of
from polycue.speech.words import Piece, words_of

SPEECH = (Span(1_000, 9_000),)


def pieces_of(*texts: str) -> list[Piece]:
    """Pieces that follow each other at a tenth of a second."""
    return [
        Piece(text, 1_000 + 100 * i, 1_100 + 100 * i, probability=0.5)
        for i, text in enumerate(texts)
    ]


def words(language: str, *texts: str) -> tuple[Word, ...]:
    return words_of(pieces_of(*texts), language, SPEECH)


@pytest.mark.parametrize(("pieces", "expected"), [
    ((" The", " old", " bridge", "."), ["The", "old", "bridge."]),
    (("No", " space", " first"), ["No", "space", "first"]),
    ((" well", "-", "known", " it", "'s"), ["well-known", "it's"]),
    ((' "', "thing", '"', " (", "really", ")", " $", "5", " 50", "%"),
     ['"thing"', "(really)", "$5", "50%"]),
    ((" Bonjour", " !", " Ça", " va", " ?"), ["Bonjour !", "Ça", "va ?"]),
    ((" «", " Oui", " »", ",", " dit"), ["« Oui »,", "dit"]),
    ((" ¿", "Qué", "?", " ¡", "Hola", "!"), ["¿Qué?", "¡Hola!"]),
    ((" -", " Hello", ".", " -", " Yes", "."), ["- Hello.", "- Yes."]),
    ((" one", " –", " two"), ["one –", "two"]),
    ((" Smith", " &", " Sons"), ["Smith &", "Sons"]),
    ((" well", "..."), ["well..."]),
    ((" end", " ("), ["end ("]),
    ((" न", "म", "स", "्", "त", "े", " द", "ु"), ["नमस्ते", "दु"]),
    ((" half", " \ufffd"), ["half \ufffd"]),
    ((" two\nlines",), ["two lines"]),
])  # fmt: skip
def test_pieces_are_joined_to_words_at_spaces(pieces: tuple[str, ...], expected: list[str]) -> None:
    assert [word.text for word in words("en", *pieces)] == expected
    assert not any(word.joined for word in words("en", *pieces))


@pytest.mark.parametrize(("language", "pieces", "expected", "text"), [
    ("zh", ("我", "用", " Python", " ", "写", "码", "，", "「", "你好", "」", "吗", "？"),
     ["我", "用", "Python", "写", "码，", "「你好」", "吗？"], "我用 Python 写码，「你好」吗？"),
    ("ja", ("A", "BC", "です", "！"), ["ABC", "です！"], "ABCです！"),
    ("th", ("ส", "ว", "ั", "ส", " ", "ผม", "ช", "ื่", " 12", "3"),
     ["ส", "วั", "ส", "ผม", "ชื่", "123"], "สวัส ผมชื่ 123"),
])  # fmt: skip
def test_where_words_have_no_spaces_each_character_run_is_one(
    language: str, pieces: tuple[str, ...], expected: list[str], text: str
) -> None:
    found = words(language, *pieces)
    assert [word.text for word in found] == expected
    assert text_of(found) == text


def test_a_chunk_goes_on_without_a_space_in_chinese_and_with_one_in_thai() -> None:
    assert words("zh", "你", "好")[0].joined
    assert not words("th", "ผม", "ช")[0].joined


@pytest.mark.parametrize("pieces", [(), (".",), (" ...", " -"), (" ♪", "♪"), (" ",)])
def test_without_a_letter_or_digit_there_is_no_word(pieces: tuple[str, ...]) -> None:
    assert words("en", *pieces) == words("zh", *pieces) == ()


def test_punctuation_takes_no_time_of_the_word() -> None:
    word, after = words("en", " Stop", "...", " go")
    assert (word.start_ms, word.end_ms, after.start_ms) == (1_000, 1_100, 1_200)


def test_a_word_is_as_sure_as_its_spoken_pieces_on_average() -> None:
    pieces = [
        Piece(" some", 1_000, 1_200, 0.9), Piece("thing", 1_200, 1_400, 0.7),
        Piece(".", 1_400, 1_500, 0.1),
    ]  # fmt: skip
    (word,) = words_of(pieces, "en", SPEECH)
    assert word.probability == pytest.approx(0.8)


TEXTS = st.lists(
    st.tuples(st.booleans(), st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)).map(
        lambda pair: (" " if pair[0] else "") + pair[1]
    ),
    max_size=30,
)


@given(texts=TEXTS, language=st.sampled_from(["en", "zh", "th"]))
def test_no_letter_is_lost_and_times_never_run_backwards(texts: list[str], language: str) -> None:
    found = words(language, *texts)
    written, read = "".join("".join(texts).split()), "".join(text_of(found).split())
    if found:
        assert read == written
    else:
        assert not any(map(str.isalnum, written))
    times = [t for word in found for t in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
