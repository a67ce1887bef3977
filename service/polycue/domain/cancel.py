"""One flag by which the owner of a piece of work stops every stage of it."""

import threading
from collections.abc import Callable

from polycue.domain.errors import Cancelled


class CancelToken:
    """A flag that is set once, from any thread, and looked at between steps.

    Stages call ``check`` at every hop; what blocks (a child process, a queue) registers a callback
    with ``on_cancel`` that unblocks it.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"CancelToken({'cancelled' if self.cancelled else 'live'})"

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        """Set the flag and run the callbacks, each once. A second call does nothing."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Return while the work may go on.

        Raises:
            Cancelled: the flag is set.
        """
        if self.cancelled:
            raise Cancelled

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Run ``callback`` when the flag is set, at once if it is; returns what takes it back.

        The callback runs in the cancelling thread, so it must not block.
        """
        with self._lock:
            if not self.cancelled:
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
