from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.texts.memory import TextMemory
from polycue.translation.packages import Package

ES = Package("en", "es", "1.0", Path("en_es"))
DE = Package("en", "de", "1.0", Path("en_de"))
BEST = Search()


def answer(text: str) -> Hypotheses:
    return (Hypothesis(text.upper(), 0.0),)


def test_an_answer_is_that_of_the_same_package_and_search() -> None:
    memory = TextMemory(10**6)
    memory.put(ES, BEST, "yes", answer("yes"))
    assert memory.get(ES, BEST, "yes") == answer("yes")
    assert memory.get(DE, BEST, "yes") is None
    assert memory.get(ES, Search(beam_size=1), "yes") is None


def test_that_there_is_no_translation_is_remembered_too() -> None:
    memory = TextMemory(10**6)
    memory.put(ES, BEST, "yes", ())
    assert memory.get(ES, BEST, "yes") == ()


def test_what_was_not_used_for_longest_goes_first() -> None:
    memory = TextMemory(1_500)  # two answers of a word
    for text in ("one", "two"):
        memory.put(ES, BEST, text, answer(text))
    memory.get(ES, BEST, "one")
    memory.put(ES, BEST, "three", answer("three"))
    assert memory.get(ES, BEST, "two") is None
    assert memory.get(ES, BEST, "one")
    assert memory.get(ES, BEST, "three")


def test_no_room_is_no_memory() -> None:
    memory = TextMemory(0)
    memory.put(ES, BEST, "yes", answer("yes"))
    assert memory.get(ES, BEST, "yes") is None


def test_what_a_package_made_goes_with_it() -> None:
    memory = TextMemory(10**6)
    memory.put(ES, BEST, "yes", answer("yes"))
    memory.put(DE, BEST, "yes", answer("yes"))
    memory.drop(ES)
    assert memory.get(ES, BEST, "yes") is None
    assert memory.get(DE, BEST, "yes")


@given(st.lists(st.text(max_size=300)), st.integers(0, 5_000))
def test_it_never_takes_more_than_it_may(texts: list[str], max_bytes: int) -> None:
    memory = TextMemory(max_bytes)
    for text in texts:
        memory.put(ES, BEST, text, answer(text))
        _, _, _, taken, *_ = repr(memory).split()
        assert int(taken) <= max_bytes
