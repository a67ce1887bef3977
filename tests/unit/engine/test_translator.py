from hypothesis import given
from hypothesis import strategies as st

from polycue.engine.translator import _calls


@given(st.sets(st.text(min_size=1), max_size=200))
def test_each_text_is_in_one_call_beside_texts_of_its_length(texts: set[str]) -> None:
    calls = list(_calls(texts))
    assert sorted(text for call in calls for text in call) == sorted(texts)
    lengths = [len(text) for call in calls for text in call]
    assert lengths == sorted(lengths)


@given(st.sets(st.integers(1, 20_000), max_size=50))
def test_a_call_is_bounded_by_what_it_pads_to(lengths: set[int]) -> None:
    for call in _calls({"x" * length for length in lengths}):
        assert len(call) == 1 or len(call) * max(map(len, call)) <= 8192


def test_short_lines_of_a_film_share_a_call() -> None:
    assert len(list(_calls({f"This is line {i:04d}." for i in range(300)}))) == 1
