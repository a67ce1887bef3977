import threading

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled


def test_a_live_token_lets_work_go_on() -> None:
    CancelToken().check()


def test_a_cancelled_token_stops_the_next_step() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        token.check()


def test_callbacks_run_once_however_often_it_is_cancelled() -> None:
    token, calls = CancelToken(), []
    token.on_cancel(lambda: calls.append("woken"))
    token.cancel()
    token.cancel()
    assert calls == ["woken"]


def test_a_callback_that_comes_too_late_runs_at_once() -> None:
    token, calls = CancelToken(), []
    token.cancel()
    token.on_cancel(lambda: calls.append("woken"))
    assert calls == ["woken"]


def test_a_callback_taken_back_does_not_run() -> None:
    token, calls = CancelToken(), []
    forget = token.on_cancel(lambda: calls.append("woken"))
    forget()
    forget()
    token.cancel()
    assert calls == []


def test_a_callback_may_take_itself_back_while_it_runs() -> None:
    # The callbacks run outside the lock; with it held, this would never return.
    token = CancelToken()
    forget = token.on_cancel(lambda: forget())
    token.cancel()
    assert token.cancelled


def test_a_cancel_from_another_thread_is_seen() -> None:
    token, seen = CancelToken(), threading.Event()
    token.on_cancel(seen.set)
    thread = threading.Thread(target=token.cancel)
    thread.start()
    thread.join()
    assert seen.is_set()
    assert repr(token) == "CancelToken(cancelled)"


def test_no_broad_except_takes_a_cancel_for_a_fault() -> None:
    assert not issubclass(Cancelled, Exception)
