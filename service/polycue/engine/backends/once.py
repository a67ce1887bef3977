"""What is loaded once, however many ask for it at the same time."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Values by key, each loaded by whoever first asks for it.

    Others who want the same one wait for it, and nobody waits for another: batches run while a
    model loads. Safe to use from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # never held while something loads
        self._values: dict[K, Future[V]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K, load: Callable[[], V]) -> V:
        """The value; all who wait for it get what ``load`` raises, and the next one tries anew."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                first = False
            else:
                first, value = True, Future()
                self._values[key] = value
        if first:
            self._load(key, load, value)
        return value.result()

    def pop(self, key: K) -> V | None:
        """Take a value out, if it is there; nobody may be loading it."""
        with self._lock:
            value = self._values.pop(key, None)
        return value.result() if value else None

    def clear(self) -> None:
        with self._lock:
            self._values.clear()

    def _load(self, key: K, load: Callable[[], V], value: Future[V]) -> None:
        try:
            value.set_result(load())
        except BaseException as error:  # whatever it is, nobody may wait for ever
            with self._lock:
                self._values.pop(key, None)
            value.set_exception(error)
