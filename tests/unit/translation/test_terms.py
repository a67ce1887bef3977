import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.translation import Term
from polycue.translation.terms import (
    NAMES,
    NUMBERS,
    Glossary,
    around,
    disguised,
    in_place,
    joined,
    kept,
    revealed,
)

WOLF, FFMPEG = Term("wolf", "lobo"), Term("FFmpeg")


def wanted(text: str, *terms: Term) -> list[str]:
    return [found.wanted for found in Glossary.of(terms).find(text)]


def test_terms_are_whole_words_in_any_case() -> None:
    assert wanted("A wolf, the Wolf and wolfish WOLFS.", WOLF) == ["lobo", "Lobo"]


def test_a_case_sensitive_term_is_found_as_it_is_written() -> None:
    assert wanted("us and US", Term("US", "EE. UU.", case_sensitive=True)) == ["EE. UU."]


def test_a_term_without_a_translation_stays_as_it_stands() -> None:
    assert wanted("ffmpeg and FFmpeg", FFMPEG) == ["ffmpeg", "FFmpeg"]


def test_the_longer_of_two_terms_counts() -> None:
    terms = Term("New York", "Nueva York"), Term("York", "York (Inglaterra)")
    assert wanted("New York and York", *terms) == ["Nueva York", "York (Inglaterra)"]


def test_a_term_of_marks_and_one_of_chinese_are_found() -> None:
    assert wanted("We write C++ here", Term("C++")) == ["C++"]
    assert wanted("我爱北京天安门", Term("北京", "Peking")) == ["Peking"]


@pytest.mark.parametrize(
    ("translated", "expected"),
    [
        ("El lobo y el lobo.", True),
        ("Lobo contra lobo.", True),
        ("El lobo.", False),
        ("Lobos y lobo", False),
        ("EL LOBO Y EL LOBO.", False),
    ],
)
def test_a_term_is_kept_when_it_stands_there_as_often(translated: str, expected: bool) -> None:
    terms = Glossary.of([WOLF]).find("The wolf and the wolf.")
    assert kept(translated, terms) is expected


def test_only_the_first_letter_of_a_settled_translation_may_change_its_case() -> None:
    phone = Glossary.of([Term("phone", "iPhone")]).find("My phone rings.")
    assert kept("Mi iPhone suena.", phone)
    assert kept("IPhone que suena.", phone)
    assert not kept("Mi iphone suena.", phone)


@pytest.mark.parametrize(
    "translated", ["FFmpegを使う。", "나는FFmpeg를 쓴다", "我用FFmpeg。", "FFmpeg'i"]
)
def test_particles_and_languages_without_spaces_may_stand_right_beside_a_term(
    translated: str,
) -> None:
    assert kept(translated, Glossary.of([FFMPEG]).find("We use FFmpeg."))


@pytest.mark.parametrize("disguises", [NAMES, NUMBERS])
def test_a_disguise_is_put_on_and_off(disguises: tuple[str, ...]) -> None:
    text = "The wolf uses FFmpeg."
    terms = Glossary.of([WOLF, FFMPEG]).find(text)
    hidden = disguised(text, terms, disguises)
    assert hidden == f"The {disguises[0]} uses {disguises[1]}."
    translated = f"{disguises[1]} es usado por el {disguises[0]}."
    assert revealed(translated, terms, disguises) == "FFmpeg es usado por el lobo."


def test_a_disguise_that_was_lost_or_doubled_is_seen() -> None:
    terms = Glossary.of([WOLF]).find("The wolf runs.")
    assert revealed("Corre.", terms, NAMES) is None
    assert revealed(f"{NAMES[0]} corre, {NAMES[0]}.", terms, NAMES) is None
    assert revealed(f"{NAMES[0]}s corre.", terms, NAMES) is None
    assert revealed(f"{NAMES[0]} corre, {NAMES[0]}ito también.", terms, NAMES) is None


def test_what_stands_in_the_text_is_no_disguise() -> None:
    text = f"The wolf {NUMBERS[0]}"
    terms = Glossary.of([WOLF]).find(text)
    assert disguised(text, terms, NUMBERS) is None


def test_a_sentence_with_more_terms_than_disguises_is_left() -> None:
    text = "wolf " * (len(NAMES) + 1)
    assert disguised(text, Glossary.of([WOLF]).find(text), NAMES) is None


@pytest.mark.parametrize(
    ("translated", "links", "expected"),
    [
        ("El lobo corre.", (0, 1, 2), "El FENRIR corre."),
        ("¡Corre, lobo!", (2, 1), "¡Corre, FENRIR!"),
        ("El lobo corre, lobo.", (0, 1, 2, 1), None),  # in two places
        ("El corre.", (0, 2), None),  # in none
        ("El lobo corre.", (1, 1, 2), None),  # its article would go with it
        ("El lobo corre.", (), None),  # nothing is known
        ("El lobo corre.", (0, -1, 2), None),
    ],
)
def test_a_term_takes_the_place_of_what_was_written_for_it(
    translated: str, links: tuple[int, ...], expected: str | None
) -> None:
    source = "The wolf runs."
    terms = Glossary.of([Term("wolf", "FENRIR")]).find(source)
    assert in_place(source, translated, links, terms) == expected


def test_parts_around_terms_keep_their_spaces_and_marks() -> None:
    text = "The wolf, FFmpeg and wolf."
    terms = Glossary.of([WOLF, FFMPEG]).find(text)
    parts = around(text, terms)
    assert parts == ["The ", ", ", " and ", "."]
    assert joined(parts, ["El", ",", "y", "."], terms) == "El lobo, FFmpeg y lobo."


@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=5), max_size=4))
def test_any_text_is_taken_apart_and_put_together(text: str, terms: list[str]) -> None:
    found = Glossary.of([Term(term) for term in terms if term.strip()]).find(text)
    parts = around(text, found)
    assert joined(parts, [part.strip() for part in parts], found) == text
    assert kept(text, found)
