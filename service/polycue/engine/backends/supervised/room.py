"""Who may be at work in a child: many side by side, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """Lets in who wants to be alone as soon as those inside have left, and others after that.

    When a child ends, all that was at work in it is suspected, and only what is tried again alone
    can be told to be at fault.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = 0  # who is, or wants to be

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        """Block until there is a place, and keep it for the block."""
        with self._changed:
            if alone:
                self._alone += 1
                self._changed.wait_for(lambda: not self._inside)
            else:
                self._changed.wait_for(lambda: not self._alone)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._alone -= alone
                self._changed.notify_all()
