from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.chunk import Belief
from polycue.speech.languages import candidates, follow

TAGS = ("en", "es", "de")


def shares(**given: float) -> dict[str, float]:
    rest = (1 - sum(given.values())) / max(1, len(TAGS) - len(given))
    return {tag: given.get(tag, rest) for tag in TAGS}


def path(*heard: dict[str, float], speech_ms: int = 8_000, begin: Belief | None = None) -> str:
    languages, _ = follow(begin or Belief(), [(share, speech_ms) for share in heard])
    return " ".join(languages)


EN, ES, CLEARLY_ES = shares(en=0.9), shares(es=0.8, en=0.1), shares(es=0.99)


def test_a_film_of_one_language_is_in_it() -> None:
    assert path(EN, EN, EN) == "en en en"
    assert path(shares(es=0.4, en=0.3), shares(es=0.4, en=0.3)) == "es es"


def test_one_odd_window_does_not_turn_the_language() -> None:
    assert path(EN, EN, ES, EN, EN) == "en en en en en"


def test_one_clear_window_does() -> None:
    assert path(EN, EN, CLEARLY_ES, EN, EN) == "en en es en en"


def test_two_windows_in_a_row_do() -> None:
    assert path(EN, EN, ES, ES, EN, EN) == "en en es es en en"


def test_a_moment_of_speech_tells_too_little_to_turn() -> None:
    assert path(EN, CLEARLY_ES, EN, speech_ms=600) == "en en en"


def test_the_first_windows_are_decided_together() -> None:
    assert path(shares(es=0.5, en=0.3), EN, EN) == "en en en"


def test_what_was_decided_holds_over_the_end_of_a_batch() -> None:
    languages, belief = follow(Belief(), [(EN, 8_000)] * 2)
    assert (languages, belief.current) == (["en", "en"], "en")
    again, belief = follow(belief, [(ES, 8_000)])
    assert again == ["en"]
    assert follow(belief, [(ES, 8_000)] * 2)[0] == ["es", "es"]


def test_a_language_that_was_named_is_what_the_film_begins_with() -> None:
    begun = Belief("de", {"de": 0.0})
    assert path(shares(en=0.6, de=0.2), begin=begun) == "de"
    assert path(CLEARLY_ES, CLEARLY_ES, begin=begun) == "es es"


def adding_up(row: tuple[float, ...]) -> dict[str, float]:
    return {tag: p / sum(row) for tag, p in zip(TAGS, row, strict=True)}


ROWS = st.tuples(*[st.floats(0, 1)] * len(TAGS)).filter(lambda row: sum(row) > 0.01)
SHARES = st.lists(ROWS.map(adding_up), min_size=1, max_size=12)


@given(SHARES, st.integers(0, 30_000))
def test_a_language_comes_from_those_in_question_and_batches_change_little(
    rows: list[dict[str, float]], speech_ms: int
) -> None:
    heard = [(row, speech_ms) for row in rows]
    whole, _ = follow(Belief(), heard)
    belief, parts = Belief(), list[str]()
    for part in heard:
        languages, belief = follow(belief, [part])
        parts += languages
        assert max(belief.scores.values()) == 0
        assert belief.current == languages[-1]
    assert set(whole) | set(parts) <= set(TAGS)
    # Deciding at once has all the evidence, deciding step by step may only be slower to turn.
    assert turns(parts) <= len(rows)
    assert len(whole) == len(parts) == len(rows)


def turns(languages: Sequence[str]) -> int:
    return sum(a != b for a, b in pairwise(languages))


@given(st.sampled_from(TAGS), st.integers(1, 30), st.floats(0.5, 0.9))
def test_a_film_that_is_always_most_likely_in_one_language_never_leaves_it(
    tag: str, count: int, probability: float
) -> None:
    belief = Belief()
    for _ in range(count):
        languages, belief = follow(belief, [(shares(**{tag: probability}), 8_000)])
        assert languages == [tag]


@pytest.mark.parametrize(("allowed", "named", "expected"), [
    ((), "", ("en", "es", "de")),
    (("es", "en"), "", ("en", "es")),
    (("es-419", "es"), "", ("es-419",)),
    (("es", "ja"), "", ("es",)),
    (("ja",), "", ()),
    ((), "de-AT", ("en", "es", "de-AT")),
    (("en",), "de", ("en", "de")),
])  # fmt: skip
def test_the_languages_in_question_are_the_callers_as_far_as_the_model_knows_them(
    allowed: tuple[str, ...], named: str, expected: tuple[str, ...]
) -> None:
    assert candidates(TAGS, allowed, named) == expected
