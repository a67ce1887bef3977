import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.sync.matching import matches
from polycue.sync.tokens import bare_words

texts = st.lists(st.sampled_from("abcdefghij"), max_size=60)


@given(texts, texts)
def test_pairs_are_of_the_same_word_and_rise_in_both(ours: list[str], theirs: list[str]) -> None:
    pairs = matches(ours, theirs)
    assert all(ours[x] == theirs[y] for x, y in pairs)
    assert [x for x, _ in pairs] == sorted({x for x, _ in pairs})
    assert [y for _, y in pairs] == sorted({y for _, y in pairs})


@given(st.lists(st.integers(), unique=True, max_size=60))
def test_a_text_matches_itself(numbers: list[int]) -> None:
    words = list(map(str, numbers))
    assert matches(words, words) == [(n, n) for n in range(len(words))]


def heard(words: list[str], wrong: float, chance: random.Random) -> list[str]:
    """With words put in, left out and taken for others."""
    result = []
    for word in words:
        kind = chance.random() / wrong
        if kind < 0.5:
            result.append(chance.choice(words))
        elif kind > 0.75:
            result += [word] if kind > 1 else [word, chance.choice(words)]
    return result


def test_most_words_are_found_among_errors_and_few_where_there_are_none() -> None:
    chance = random.Random(1)
    # Words as frequent as Zipf has them, and without a grammar: more alike than texts ever are.
    words = [f"w{int(chance.paretovariate(0.9))}" for _ in range(6000)]
    own, other = words[:3000], words[3000:]
    assert len(matches(own, heard(own, 0.3, chance))) > 0.6 * len(own)
    assert len(matches(own, other)) < 0.2 * len(own)


def test_very_many_words_that_say_nothing_are_soon_done_with() -> None:
    assert matches(["na"] * 50_000, ["na"] * 1000) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- It's the «Café»,\n- isn’t it?", ["it's", "the", "café", "isn't", "it"]),
        ("[door slams] Go! (sighs) ♪", ["go"]),
        ("JOHN: Go.\nDR. WATSON: I won't.", ["go", "i", "won't"]),
        ("10:30 at Note: home", ["10", "30", "at", "note", "home"]),
        ("東京 3分", ["東", "京", "3", "分"]),
        ("ＡＢＣ", ["abc"]),
        ("...", []),
    ],
)
def test_only_what_is_spoken_is_compared(text: str, words: list[str]) -> None:
    assert bare_words(text) == words
