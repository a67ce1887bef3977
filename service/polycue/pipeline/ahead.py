"""Work that goes on in a thread of its own, a little ahead of whoever takes what it makes."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, Self, TypeVar

from polycue.domain.cancel import CancelToken
from polycue.pipeline.job_thread import job_thread

T = TypeVar("T")
Work = Callable[[Callable[[T], None], CancelToken], None]


class Ahead(Generic[T], Iterator[T]):
    """What ``work(put, cancel)`` puts, in its order, each once; read in one thread.

    Within the ``with`` block ``work`` runs, and ``put`` holds it back while ``room`` items wait; of
    ``passing`` ones, which take no room, only the last in a row is kept. Leaving the block, however
    that comes about, sets the token that ``work`` was given and waits for its end.

    An error of ``work`` is raised behind what it put before. Raises Cancelled where ``cancel`` was
    set.
    """

    def __init__(
        self, work: Work[T], *, room: int, passing: type[object], cancel: CancelToken, name: str
    ) -> None:
        self._work, self._room, self._passing, self._cancel = work, room, passing, cancel
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._stirred: Callable[[], None] = _nothing
        self._error: BaseException | None = None
        self._ended = False
        self._stop = CancelToken()
        self._thread = job_thread(self._run, name)

    def __repr__(self) -> str:
        state = "ended" if self._ended else "at work"
        return f"Ahead({self._thread.name}: {state}, {len(self._items)} waiting)"

    def __enter__(self) -> Self:
        self._forget = self._cancel.on_cancel(self._halt)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        self._halt()
        self._thread.join()

    def __next__(self) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended or self._cancel.cancelled)
            self._cancel.check()
            if self._items:
                self._changed.notify_all()
                return self._items.popleft()
            error, self._error = self._error, None
        try:
            raise error or StopIteration
        finally:
            del error  # which holds this frame, and so all that waits

    def ready(self) -> bool:
        """Whether ``next`` would not wait."""
        with self._changed:
            return bool(self._items) or self._ended or self._cancel.cancelled

    def on_ready(self, stirred: Callable[[], None]) -> None:
        """Have ``stirred`` called, in the thread of the work, whenever something has come."""
        self._stirred = stirred

    def _run(self) -> None:
        try:
            self._work(self._put, self._stop)
        except BaseException as error:  # whatever it is, the reader must hear of it
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._stirred()

    def _put(self, item: T) -> None:
        with self._changed:
            if isinstance(item, self._passing):
                if self._items and isinstance(self._items[-1], self._passing):
                    self._items.pop()
            else:
                self._changed.wait_for(lambda: self._waiting < self._room or self._stop.cancelled)
            self._stop.check()
            self._items.append(item)
            self._changed.notify_all()
        self._stirred()

    @property
    def _waiting(self) -> int:
        return sum(not isinstance(item, self._passing) for item in self._items)

    def _halt(self) -> None:
        self._stop.cancel()
        with self._changed:
            self._changed.notify_all()


def _nothing() -> None:
    pass
