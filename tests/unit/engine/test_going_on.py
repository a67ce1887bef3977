"""A recogniser that goes on behind a chunk gives what it would have given without a stop."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.engine.recogniser import Recogniser
from support import polyglot
from support.polyglot import WAYS, Polyglot, film


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Recogniser]:
    with polyglot.recogniser(Polyglot()) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=12)
@given(lengths_ms=st.lists(st.sampled_from([300, 2_000, 9_000, 14_000]), max_size=15))
def test_it_goes_on_behind_any_chunk_that_has_a_belief(
    recogniser: Recogniser, way: str, lengths_ms: list[int]
) -> None:
    chunks, never = list(film(lengths_ms)), CancelToken()
    whole = list(recogniser.transcribe(chunks, WAYS[way], cancel=never))
    assert not whole or whole[-1].belief is not None
    for number, after in enumerate(whole, start=1):
        if after.belief is not None:
            rest = recogniser.transcribe(chunks[number:], WAYS[way], cancel=never, after=after)
            assert list(rest) == whole[number:]


def test_where_one_language_is_followed_or_found_chunks_are_decided_together(
    recogniser: Recogniser,
) -> None:
    def marks(way: str) -> str:
        results = recogniser.transcribe(film([9_000] * 11), WAYS[way], cancel=CancelToken())
        return "".join("." if result.belief is None else "|" for result in results)

    assert marks("named") == "|||||||||||"
    assert marks("detected") == "..|||||||||"
    assert marks("followed") == "..|...|...|"
