from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.speech.loops import bare, find_loops, kept

DISTINCT = st.lists(st.text("abcdefghij", min_size=1, max_size=6), unique=True, max_size=8)


def once(text: str) -> str:
    words = text.split()
    return " ".join(words[n] for n in kept(len(words), find_loops(words)))


@given(
    st.lists(st.text("klmnop", min_size=1, max_size=6), unique=True, min_size=1, max_size=8),
    st.integers(6, 30), st.integers(0, 7), DISTINCT, DISTINCT,
)  # fmt: skip
def test_a_loop_of_any_number_of_copies_leaves_one(
    copy: list[str], copies: int, rest: int, before: list[str], after: list[str]
) -> None:
    looped = [*before, *copy * copies, *after]
    assert once(" ".join(looped)) == " ".join([*before, *copy, *after])
    cut_short = [*before, *copy * copies, *copy[: rest % len(copy)]]  # where the text ended
    assert once(" ".join(cut_short)) == " ".join([*before, *copy])


@given(st.lists(st.sampled_from(["a", "b", "c", "Très", "!"]), max_size=60))
def test_what_is_left_is_a_part_of_the_words_in_their_order(words: list[str]) -> None:
    loops = find_loops(words)
    numbers = kept(len(words), loops)
    assert numbers == sorted(set(numbers))
    for loop in loops:
        assert loop.first in numbers
        assert loop.after - loop.first >= 6
    assert all(a.after <= b.first for a, b in pairwise(loops))


def test_people_say_things_twice_and_three_times() -> None:
    for said in ("no no no no no", "Go, go, go!", "very very good, very very good", "a b a b a b"):
        assert find_loops(said.split()) == []


def test_case_and_marks_do_not_hide_a_loop() -> None:
    assert once("Thank you. thank you, Thank you! THANK YOU. thank you") == "Thank you."


def test_the_shortest_copy_is_kept() -> None:
    assert once("la " * 24) == "la"
    assert once("so it goes " * 12) == "so it goes"


def test_bare_text_keeps_letters_digits_and_vowel_signs() -> None:
    assert bare("Sous-titrage ST' 501") == "soustitragest501"
    assert bare("हिन्दी में!") == "हिन्दीमें"
    assert bare("♪ ...") == ""
