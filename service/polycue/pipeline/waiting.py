"""Islands that wait until the picture around them has been looked through."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from polycue.domain.transcript import Word
from polycue.pipeline.shots import ShotSource


@dataclass(frozen=True, slots=True)
class Island:
    """Words to be laid out together, and what they lie before, None where that is nothing."""

    words: tuple[Word, ...]
    next_start_ms: int | None
    media_end_ms: int | None


class WaitingIslands:
    """In their order; ``reach_ms`` is how far after its words a cut matters to an island."""

    def __init__(self, shots: ShotSource, reach_ms: int) -> None:
        self._shots, self._reach_ms = shots, reach_ms
        self._islands: deque[Island] = deque()

    def __repr__(self) -> str:
        return f"WaitingIslands({len(self._islands)})"

    def put(
        self,
        islands: Sequence[tuple[Word, ...]],
        *,
        next_start_ms: int | None,
        media_end_ms: int | None,
    ) -> None:
        """More of them; ``next_start_ms`` is when the first word after them is spoken."""
        nexts = [*(words[0].start_ms for words in islands[1:]), next_start_ms]
        for words, next_ms in zip(islands, nexts, strict=False):  # there may be no island
            self._islands.append(Island(words, next_ms, media_end_ms))

    def seen(self) -> Iterator[Island]:
        """Those whose cuts are known by now."""
        while self._islands:
            until_ms = self._shots.until_ms
            if until_ms is not None and until_ms < self._needed_ms(self._islands[0]):
                return
            yield self._islands.popleft()

    def rest(self, moved: Callable[[int], None]) -> Iterator[Island]:
        """All others, once all cuts of the film are known or are not worth waiting for."""
        self._shots.wait(moved)
        while self._islands:
            yield self._islands.popleft()

    def _needed_ms(self, island: Island) -> int:
        return island.words[-1].end_ms + self._reach_ms
