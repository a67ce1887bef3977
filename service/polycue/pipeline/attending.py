"""Items whose reader does, while it waits for them, what others want of its thread."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from polycue.domain.incoming import Incoming
from polycue.pipeline.own_thread import OwnThread

T = TypeVar("T")


class Attending(Iterator[T]):
    """``items``; whoever reads them in the job's thread (``own``) is stirred for its sake too.

    What goes wrong in what is done is raised by ``ready``.
    """

    def __init__(self, items: Incoming[T], own: OwnThread) -> None:
        self._items, self._own = items, own

    def __repr__(self) -> str:
        return f"Attending({self._items!r}, {self._own!r})"

    def ready(self) -> bool:
        """Do what is asked for; whether ``next`` would not wait."""
        self._own.catch_up()
        return self._items.ready()

    def on_ready(self, stirred: Callable[[], None]) -> None:
        self._items.on_ready(stirred)
        self._own.on_asked(stirred)

    def __next__(self) -> T:
        return next(self._items)
