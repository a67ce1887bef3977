import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.translation import Hypotheses, Hypothesis, Search
from polycue.engine.translator import Translator, _calls
from polycue.translation.packages import Package

PATIENCE_S = 10.0


class Packages:
    """One for every pair."""

    def find(self, source: str, target: str) -> Package:
        return Package(source, target, "1.0", Path("nowhere"))


class Slow:
    """Models that answer when they are let."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.ended = 0

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        self.ended += 1
        return [(Hypothesis(text.upper(), 0.0),) for text in texts]

    def close(self) -> None:
        assert self.ended


def test_a_cancelled_caller_does_not_wait_for_its_call_and_closing_does() -> None:
    slow, cancel = Slow(), CancelToken()
    translator = Translator(cast(Any, Packages()), slow)

    def give_up() -> None:
        assert slow.begun.wait(PATIENCE_S)
        cancel.cancel()

    giving_up = threading.Thread(target=give_up)
    giving_up.start()
    with pytest.raises(Cancelled):
        translator.translate(["yes"], ("en", "es"), cancel=cancel)
    giving_up.join(PATIENCE_S)
    assert not slow.ended
    slow.may_end.set()
    (answer,) = translator.translate(["yes"], ("en", "es"), cancel=CancelToken())
    assert answer[0].text == "YES"
    translator.close()


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
