"""Translations that were made, for as long as there is room: people say the same things again."""

import threading
from collections import OrderedDict

from polycue.domain.translation import Hypotheses, Search
from polycue.translation.packages import Package

_ENTRY_BYTES = 400  # of Python's own objects around a text and its answer (64-bit, by getsizeof)
_HYPOTHESIS_BYTES = 200
_CHAR_BYTES = 2  # of most scripts
_LINK_BYTES = 8

Key = tuple[Package, Search, str]


class TextMemory:
    """What texts were translated to, by package and search; those unused for longest go first.

    ``max_bytes`` bounds what it takes, about; 0 remembers nothing. Safe between threads.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._known: OrderedDict[Key, Hypotheses] = OrderedDict()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"TextMemory({len(self._known)} texts in {self._bytes} of {self._max_bytes} bytes)"

    def get(self, package: Package, search: Search, text: str) -> Hypotheses | None:
        key = package, search, text
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, package: Package, search: Search, text: str, found: Hypotheses) -> None:
        key = package, search, text
        with self._lock:
            if key in self._known:
                return
            self._known[key] = found
            self._bytes += _bytes_of(text, found)
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._known)))

    def drop(self, package: Package) -> None:
        """Forget all that this package made."""
        with self._lock:
            for key in [key for key in self._known if key[0] == package]:
                self._forget(key)

    def _forget(self, key: Key) -> None:
        self._bytes -= _bytes_of(key[2], self._known.pop(key))


def _bytes_of(text: str, found: Hypotheses) -> int:
    chars = len(text) + sum(len(hypothesis.text) for hypothesis in found)
    links = sum(len(hypothesis.links) for hypothesis in found)
    return _ENTRY_BYTES + _HYPOTHESIS_BYTES * len(found) + _CHAR_BYTES * chars + _LINK_BYTES * links
