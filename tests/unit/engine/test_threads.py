from collections.abc import Sequence
from typing import Any, cast

import pytest

from polycue.domain.chunk import Recognised
from polycue.domain.errors import OutOfMemory
from polycue.engine.backends.threads import ThreadBackend
from polycue.speech.passage import Passage
from support.fragile import FACTS, passage


class Cramped:
    """A Whisper on a device that holds so many chunks at once."""

    facts = FACTS

    def __init__(self, room: int) -> None:
        self._room = room
        self.tried: list[int] = []

    def recognise(self, batch: Sequence[Passage], *, at_once: int) -> list[tuple[Recognised, ...]]:
        rows = min(at_once, sum(len(passage.chunks) for passage in batch))
        self.tried.append(rows)
        if rows > self._room:
            raise OutOfMemory(0, "CUDA failed with error out of memory")
        return [()] * len(batch)


def backend(whisper: Cramped, max_rows: int = 16) -> ThreadBackend:
    return ThreadBackend(cast(Any, whisper), max_rows)


def test_a_batch_too_large_for_the_memory_is_done_in_halves_and_so_are_those_after_it() -> None:
    whisper = Cramped(room=6)
    threads = backend(whisper)
    assert len(threads.run([passage(n) for n in range(12)])) == 12
    threads.run([passage(n) for n in range(16)])
    threads.run([passage(n) for n in range(3)])
    assert whisper.tried == [12, 6, 6, 3]
    assert threads.max_rows == 16  # which chunks are gathered must not depend on it


def test_a_batch_is_halved_once_and_then_fails() -> None:
    whisper = Cramped(room=1)
    threads = backend(whisper)
    with pytest.raises(OutOfMemory):
        threads.run([passage(n) for n in range(8)])
    assert whisper.tried == [8, 4]


def test_a_single_chunk_cannot_be_halved() -> None:
    whisper = Cramped(room=0)
    with pytest.raises(OutOfMemory):
        backend(whisper).run_alone(passage(0))
    assert whisper.tried == [1]
