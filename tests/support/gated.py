"""Chunks that a test lets come."""

from collections.abc import Callable, Sequence
from typing import Self

from polycue.domain.chunk import Chunk


class Gated:
    """Chunks that come when they are let."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks, self._let = list(chunks), 0
        self._stirred: Callable[[], None] = lambda: None

    def let(self, count: int) -> None:
        self._let += count
        self._stirred()

    def ready(self) -> bool:
        return bool(self._let) or not self._chunks

    def on_ready(self, stirred: Callable[[], None]) -> None:
        self._stirred = stirred

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        assert self.ready(), "nobody may wait here"
        if not self._chunks:
            raise StopIteration
        self._let -= 1
        return self._chunks.pop(0)
