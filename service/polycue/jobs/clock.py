"""What time it is, passed in so that tests decide."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since the epoch, UTC."""


def wall_clock() -> int:
    return time.time_ns() // 1_000_000
