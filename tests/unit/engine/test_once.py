"""What is loaded once and shared, by threads that meet at it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from polycue.engine.backends.once import Once

PATIENCE_S = 60.0


class Gated:
    """A loading that lasts until it is let go on."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self._fails = fails
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        if self._fails:
            raise self._fails
        return "loaded"


def test_what_is_there_is_had_while_something_else_loads() -> None:
    once: Once[str, str] = Once()
    once.get("there", lambda: "there")
    slow = Gated()
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(once.get, "slow", slow)
        assert slow.begun.wait(PATIENCE_S)
        assert once.get("there", slow) == "there"
        assert once.get("another", lambda: "new") == "new"
        assert once.pop("there") == "there"
        slow.may_end.set()
        assert loading.result(PATIENCE_S) == "loaded"
    assert slow.count == 1


def test_all_who_want_the_same_get_one_and_it_is_loaded_once() -> None:
    once: Once[str, str] = Once()
    slow = Gated()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(once.get, "a", slow)
        assert slow.begun.wait(PATIENCE_S)
        others = [pool.submit(once.get, "a", slow) for _ in range(3)]
        slow.may_end.set()
        assert {one.result(PATIENCE_S) for one in (first, *others)} == {"loaded"}
    assert slow.count == 1


def test_a_loading_that_failed_fails_for_who_waits_and_is_tried_anew() -> None:
    once: Once[str, str] = Once()
    broken = Gated(fails=ZeroDivisionError())
    broken.may_end.set()
    with pytest.raises(ZeroDivisionError):
        once.get("a", broken)
    assert once.pop("a") is None
    assert once.get("a", lambda: "again") == "again"
