"""How many of a thing there should be, as work comes and goes."""

from collections import deque


class Size:
    """Up as soon as more are wanted, and down when nobody wanted so many for ``idle_s``."""

    def __init__(self, least: int, most: int, *, idle_s: float) -> None:
        self._least, self._most, self._idle_s = least, most, idle_s
        self._wanted: deque[tuple[float, int]] = deque()

    def __repr__(self) -> str:
        return f"Size({self._least} to {self._most})"

    def of(self, wanted: int, now_s: float) -> int:
        """How many there should be now, of which so many are ``wanted``; time goes forward."""
        while self._wanted and self._wanted[0][0] <= now_s - self._idle_s:
            self._wanted.popleft()
        while self._wanted and self._wanted[-1][1] <= wanted:  # it is outlived by this one
            self._wanted.pop()
        self._wanted.append((now_s, wanted))
        return max(self._least, min(self._most, self._wanted[0][1]))
