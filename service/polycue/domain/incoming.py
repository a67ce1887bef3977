"""Items that come when they come, for a reader who has other things to do meanwhile."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

T_co = TypeVar("T_co", covariant=True)


@runtime_checkable
class Incoming(Iterator[T_co], Protocol[T_co]):
    """An iterator whose reader need not wait in it."""

    def ready(self) -> bool:
        """Whether ``next`` would not wait: an item is there, or the end, or what went wrong."""
        ...

    def on_ready(self, stirred: Callable[[], None]) -> None:
        """Have ``stirred`` called, in any thread, whenever ``ready`` may have become true."""
        ...


def ready(items: Iterator[object]) -> bool:
    """Whether an item may be asked for; of a plain iterator always, for it cannot tell."""
    return not isinstance(items, Incoming) or items.ready()


def on_ready(items: Iterator[object], stirred: Callable[[], None]) -> None:
    if isinstance(items, Incoming):
        items.on_ready(stirred)
