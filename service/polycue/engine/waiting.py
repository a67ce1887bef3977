"""Waiting for work that nothing stops, for as long as somebody wants it."""

import threading
from concurrent.futures import Future
from typing import TypeVar

from polycue.domain.cancel import CancelToken

T = TypeVar("T")


def outcome(result: Future[T], cancel: CancelToken) -> T:
    """What comes of ``result``; a caller who has enough of it takes it back and waits no longer.

    Raises:
        Cancelled: the token was set; what runs by then ends for nobody.
        Exception: what the work raised.
    """
    settled = threading.Event()
    result.add_done_callback(lambda _: settled.set())
    forget = cancel.on_cancel(settled.set)
    try:
        settled.wait()
        cancel.check()
    finally:
        forget()
        result.cancel()  # does nothing to one that is done
    return result.result()
