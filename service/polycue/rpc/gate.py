"""Who is inside: calls at work, and whether new ones may come in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from polycue.domain.errors import Draining


class Gate:
    """Counts calls at work; once shut, refuses new ones. For one event loop."""

    def __init__(self) -> None:
        self._inside = 0
        self._is_shut = False
        self._empty = asyncio.Event()
        self._empty.set()

    def __repr__(self) -> str:
        return f"Gate({self._inside} inside{', shut' if self._is_shut else ''})"

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Be inside for the length of the block.

        Raises:
            Draining: the gate is shut.
        """
        self.require_open()
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    def require_open(self) -> None:
        """Raises Draining once the gate is shut."""
        if self._is_shut:
            raise Draining

    def shut(self) -> None:
        self._is_shut = True

    async def emptied(self, *, within_s: float) -> bool:
        """Whether the last call has left before the time is over."""
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True
