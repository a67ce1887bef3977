import threading
from collections.abc import Callable

import pytest

from polycue.pipeline.own_thread import OwnThread


def elsewhere(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_what_others_ask_for_is_done_in_the_thread_of_the_job_in_order() -> None:
    own = OwnThread()
    done: list[tuple[int, int]] = []

    def ask() -> None:
        for n in range(3):
            own.do(lambda n=n: done.append((n, threading.get_ident())))  # type: ignore[misc]

    elsewhere(ask)
    assert done == []
    own.catch_up()
    assert done == [(n, threading.get_ident()) for n in range(3)]


def test_the_job_itself_does_not_wait() -> None:
    own = OwnThread()
    done: list[str] = []
    own.do(lambda: done.append("at once"))
    assert done == ["at once"]


def test_what_goes_wrong_does_so_in_its_turn() -> None:
    own = OwnThread()
    done: list[str] = []

    def fail() -> None:
        raise ValueError

    def ask() -> None:
        own.do(lambda: done.append("before"))
        own.do(fail)
        own.do(lambda: done.append("behind"))

    elsewhere(ask)
    with pytest.raises(ValueError):  # noqa: PT011 - a test's own
        own.catch_up()
    assert done == ["before"]
    own.work_until(lambda: "behind" in done)


def test_whoever_waits_in_that_thread_is_stirred() -> None:
    own, stirred = OwnThread(), threading.Event()
    own.on_asked(stirred.set)
    own.do(lambda: None)
    assert not stirred.is_set()
    elsewhere(lambda: own.do(lambda: None))
    assert stirred.is_set()


def test_where_all_else_has_failed_only_what_saves_is_done() -> None:
    own = OwnThread()
    done: list[str] = []

    def ask() -> None:
        own.do(lambda: done.append("told"))
        own.do(lambda: done.append("saved"), saves=True)
        own.do(lambda: done.append("told"))

    elsewhere(ask)
    own.save_rest()
    own.catch_up()
    assert done == ["saved"]
