import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.translation.links import UNKNOWN, links, onward

SOURCE = ["\u2581The", "\u2581wh", "ales", "\u2581swim"]


def test_a_word_of_several_pieces_is_one_on_both_sides() -> None:
    target = ["\u2581Las", "\u2581ball", "enas", "\u2581nadan"]
    attention = [
        [0.9, 0.1, 0.0, 0.0],
        [0.1, 0.5, 0.4, 0.0],
        [0.2, 0.2, 0.5, 0.1],
        [0.0, 0.0, 0.1, 0.9],
    ]
    assert links(SOURCE, target, attention, "Las ballenas nadan") == (0, 1, 2)


def test_a_word_that_looks_everywhere_comes_from_nowhere() -> None:
    attention = [[0.3, 0.2, 0.1, 0.4], [0.0, 0.5, 0.5, 0.0]]
    assert links(SOURCE, ["\u2581Que", "\u2581ballena"], attention, "Que ballena") == (UNKNOWN, 1)


@pytest.mark.parametrize(
    ("target", "attention", "text"),
    [
        ([], [], ""),
        (["\u2581uno"], [], "uno"),  # nobody asked for attention
        (["uno"], [[1.0, 0.0, 0.0, 0.0]], "uno"),  # pieces of another tokenizer
        (["\u2581", "\u2581uno"], [[1.0, 0, 0, 0], [1.0, 0, 0, 0]], "uno"),
        (["\u2581a_b"], [[1.0, 0.0, 0.0, 0.0]], "a b"),  # Argos reads underscores as spaces
    ],
)
def test_where_words_and_pieces_do_not_agree_nothing_is_said(
    target: list[str], attention: list[list[float]], text: str
) -> None:
    assert links(SOURCE, target, attention, text) == ()


def test_a_pivot_leads_through_the_words_between() -> None:
    assert onward((2, UNKNOWN, 0), (1, 0, 2, UNKNOWN, 7)) == (UNKNOWN, 2, 0, UNKNOWN, UNKNOWN)


@given(
    st.lists(st.sampled_from(["\u2581a", "b", "\u2581"]), max_size=6),
    st.lists(st.lists(st.floats(0, 1), max_size=6), max_size=8),
    st.text(max_size=9),
)
def test_any_attention_is_taken(target: list[str], attention: list[list[float]], text: str) -> None:
    found = links(SOURCE, target, attention, text)
    assert len(found) in (0, len(text.split()))
    assert all(link in range(-1, 3) for link in found)
