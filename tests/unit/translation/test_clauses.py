import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.transcript import Sentence, Word
from polycue.translation.clauses import clauses


def sentence(text: str) -> Sentence:
    return Sentence(tuple(Word(word, 0, 1) for word in text.split()))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("When it rains, we stay.", ["When it rains,", "we stay."]),
        ("Well, I do not know.", ["Well, I do not know."]),
        ("He said “no,” and went, alone.", ["He said “no,”", "and went, alone."]),
        ("I know", ["I know"]),
    ],
)
def test_clauses_end_behind_their_marks(text: str, parts: list[str]) -> None:
    assert [clause.text for clause in clauses(sentence(text))] == parts


@given(st.lists(st.sampled_from(["a", "b,", "c.", ",", "—", "d;"]), min_size=1))
def test_every_word_is_in_one_clause(texts: list[str]) -> None:
    whole = sentence(" ".join(texts))
    assert [word for clause in clauses(whole) for word in clause.words] == list(whole.words)
