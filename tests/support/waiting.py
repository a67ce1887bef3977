"""Waiting for what another thread or process is about to do, where it cannot tell of it."""

import threading
import time
from collections.abc import Callable

WAIT_S = 60


def until(so: Callable[[], object]) -> None:
    """Come back once it is so."""
    until_s = time.monotonic() + WAIT_S
    while not so():
        assert time.monotonic() < until_s, "it never came to that"
        threading.Event().wait(0.002)
