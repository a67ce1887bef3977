"""In which languages chunks are, whoever listened to them when."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.chunk import Belief, Recognised
from polycue.domain.transcript import ChunkFacts
from polycue.engine.deciding import (
    DECIDED_TOGETHER,
    Deciding,
    Decision,
    Detected,
    Followed,
    Named,
    Undecided,
)

SPANISH = {"en": 0.1, "es": 0.9}
ENGLISH = {"en": 0.9, "es": 0.1}
BASQUE = Belief("eu", {"eu": 0.0})


def heard(shares: dict[str, float], speech_ms: int = 9_000) -> Undecided:
    return Undecided(speech_ms, shares)


def unheard(speech_ms: int = 9_000) -> Undecided:
    return Undecided(speech_ms, None)


def before(language: str, belief: Belief | None = None) -> Recognised:
    facts = ChunkFacts(0, 9_000, language, -0.1, 0.0, 1.0, 0)
    return Recognised((), facts, 0.7, belief=belief)


def test_a_named_language_is_decided_before_anybody_listens() -> None:
    decided = Named("eu").decide([unheard(), unheard()], all_there=False)
    assert decided == [Decision("eu", 1.0, BASQUE)] * 2


def test_one_language_is_found_on_the_first_speech_and_then_kept() -> None:
    deciding = Detected(None)
    assert deciding.language == ""
    undecided = [heard(SPANISH), heard(ENGLISH, 2_000), heard(SPANISH), heard(ENGLISH)]
    decided = deciding.decide(undecided, all_there=False)
    assert [one.language for one in decided] == ["es"] * 3
    assert decided[0].probability == pytest.approx(0.9 * 0.9 + 0.1 * 0.1, abs=1e-4)
    assert [one.belief for one in decided] == [None, None, Belief("es", {"es": 0.0})]
    assert deciding.language == "es"
    assert deciding.decide([unheard()], all_there=False) == [decided[-1]]


def test_twenty_seconds_of_speech_are_enough_to_know_the_language() -> None:
    assert len(Detected(None).decide([heard(SPANISH, 21_000), unheard()], all_there=False)) == 1


@pytest.mark.parametrize("deciding", [Detected(None), Followed(Belief(), None)])
def test_what_is_decided_together_waits_for_all_of_it(deciding: Deciding) -> None:
    assert deciding.decide([heard(SPANISH), heard(SPANISH)], all_there=False) == []
    waiting = [heard(SPANISH), unheard(), heard(SPANISH), heard(SPANISH)]
    assert deciding.decide(waiting, all_there=True) == []
    assert deciding.decide([], all_there=True) == []
    assert len(deciding.decide([heard(SPANISH), heard(SPANISH)], all_there=True)) == 2


def test_a_film_is_gone_on_with_in_the_language_that_was_found() -> None:
    deciding = Detected(before("eu", BASQUE))
    assert deciding.language == "eu"
    assert deciding.decide([unheard()], all_there=False) == [Decision("eu", 0.7, BASQUE)]


def test_a_followed_film_is_asked_about_openly_with_what_is_believed_so_far() -> None:
    deciding = Followed(Belief(), None)
    assert (deciding.language, deciding.belief) == ("", Belief())
    first = deciding.decide([heard(SPANISH, 20_000)], all_there=False)
    assert deciding.belief == first[-1].belief
    assert deciding.belief.current == "es"


@given(
    films=st.lists(
        st.tuples(st.sampled_from([0, 2_000, 9_000, 14_000]), st.floats(0.001, 0.999)), max_size=15
    ),
    order=st.randoms(),
)
def test_decisions_depend_neither_on_who_listened_first_nor_on_when_more_came(
    films: Sequence[tuple[int, float]], order: random.Random
) -> None:
    shares = [{"en": p, "es": 1 - p} for _, p in films]
    whole = Followed(Belief(), None).decide(
        [Undecided(ms, s) for (ms, _), s in zip(films, shares, strict=True)], all_there=True
    )
    deciding, decided = Followed(Belief(), None), list[Decision]()
    known: set[int] = set()
    there = 0
    while len(decided) < len(films):
        there = order.randint(there, len(films))
        known.update(order.sample(range(there), order.randint(0, there)))
        undecided = [
            Undecided(films[n][0], shares[n] if n in known else None)
            for n in range(len(decided), there)
        ]
        decided += deciding.decide(undecided, all_there=there == len(films))
    assert decided == whole
    assert all(decision.belief for decision in whole[-1:])


def test_no_more_than_so_many_are_decided_together() -> None:
    decided = Followed(Belief(), None).decide([heard(SPANISH, 1_000)] * 11, all_there=True)
    marks = [decision.belief is not None for decision in decided]
    assert marks.index(True) == DECIDED_TOGETHER - 1
    assert marks == [False, False, False, True] * 2 + [False, False, True]
