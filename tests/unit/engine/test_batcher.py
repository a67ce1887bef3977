import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager

import numpy as np
import pytest

from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.errors import Cancelled, Draining, RecognitionFailed
from polycue.domain.transcript import ChunkFacts
from polycue.engine.batcher import Batcher
from polycue.speech.passage import DecodeSettings, Passage

FACTS = ModelFacts("fake", ("en",), 30_000, translates=True, demo=False)
PATIENCE_S = 10.0  # far longer than anything here takes


class GatedBackend:
    """Notes its batches and answers each when it is let; falls over at poisoned chunks."""

    facts = FACTS
    workers = 1

    def __init__(self, max_rows: int = 4, poisoned_ms: Sequence[int] = ()) -> None:
        self.max_rows = max_rows
        self.batches: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.closed = False
        self._poisoned_ms = poisoned_ms

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        starts = [chunk.audio.start_ms for passage in batch for chunk in passage.chunks]
        self.batches.append(starts)
        self.begun.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        for start_ms in starts:
            if start_ms in self._poisoned_ms:
                raise RecognitionFailed(start_ms, "poisoned")
        return [tuple(map(recognised, passage.chunks)) for passage in batch]

    def run_alone(self, passage: Passage) -> tuple[Recognised, ...]:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        self.closed = True

    def wait_for_batch(self) -> None:
        assert self.begun.acquire(timeout=PATIENCE_S)

    def let(self, batches: int = 1) -> None:
        self.may_end.release(batches)


def chunk(start_ms: int) -> Chunk:
    audio = Audio(np.zeros(16_000, np.float32), start_ms)
    return Chunk(audio, (Span(start_ms, start_ms + 1_000),))


def recognised(chunk: Chunk) -> Recognised:
    facts = ChunkFacts(chunk.audio.start_ms, chunk.audio.end_ms, "en", -0.1, 0.0, 1.0, 0)
    return Recognised((), facts, 1.0)


def passage(*starts_ms: int, beam_size: int = 5, language: str = "en") -> Passage:
    settings = DecodeSettings(beam_size=beam_size, language=language)
    return Passage(tuple(map(chunk, starts_ms)), settings)


@contextmanager
def running(backend: GatedBackend, max_waiting: int = 100) -> Iterator[Batcher]:
    batcher = Batcher(backend, max_waiting=max_waiting)
    try:
        yield batcher
    finally:
        backend.let(100)
        batcher.close()


def test_what_waits_while_the_model_is_busy_makes_the_next_batch() -> None:
    backend, live = GatedBackend(max_rows=3), CancelToken()
    with running(backend) as batcher:
        first = batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        others = [batcher.submit(passage(n), cancel=live) for n in (1, 2, 3, 4)]
        backend.let(3)
        results = [r.result(PATIENCE_S)[0].facts.start_ms for r in (first, *others)]
    assert results == [0, 1, 2, 3, 4]
    assert backend.batches == [[0], [1, 2, 3], [4]]


def test_only_passages_with_equal_keys_share_a_batch_oldest_first() -> None:
    backend, live = GatedBackend(max_rows=3), CancelToken()
    with running(backend) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        results = [
            batcher.submit(passage(1, beam_size=1), cancel=live),
            batcher.submit(passage(2), cancel=live),
            batcher.submit(passage(3, beam_size=1, language="fr"), cancel=live),
        ]
        backend.let(3)
        for result in results:
            result.result(PATIENCE_S)
    assert backend.batches == [[0], [1, 3], [2]]


def test_a_passage_is_not_torn_and_smaller_ones_take_the_room_it_leaves() -> None:
    backend, live = GatedBackend(max_rows=3), CancelToken()
    with running(backend) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        large = batcher.submit(passage(1, 2), cancel=live)
        larger = batcher.submit(passage(3, 4, 5, 6), cancel=live)
        batcher.submit(passage(7), cancel=live)
        backend.let(3)
        assert [r.facts.start_ms for r in large.result(PATIENCE_S)] == [1, 2]
        larger.result(PATIENCE_S)
    assert backend.batches == [[0], [1, 2, 7], [3, 4, 5, 6]]


def test_one_poisoned_chunk_fails_alone() -> None:
    backend, live = GatedBackend(poisoned_ms=[2]), CancelToken()
    with running(backend) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        results = [batcher.submit(passage(n), cancel=live) for n in (1, 2, 3)]
        backend.let(10)
        assert results[0].result(PATIENCE_S)[0].facts.start_ms == 1
        assert results[2].result(PATIENCE_S)[0].facts.start_ms == 3
        with pytest.raises(RecognitionFailed) as failure:
            results[1].result(PATIENCE_S)
    assert failure.value.start_ms == 2
    assert backend.batches == [[0], [1, 2, 3], [1], [2], [3]]


def test_the_worker_outlives_an_error_nobody_foresaw() -> None:
    class Broken(GatedBackend):
        def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
            return [] if batch[0].chunks[0].audio.start_ms == 0 else super().run(batch)

    backend, live = Broken(), CancelToken()
    with running(backend) as batcher:
        with pytest.raises(ValueError, match="zip"):
            batcher.submit(passage(0), cancel=live).result(PATIENCE_S)
        backend.let()
        assert batcher.submit(passage(1), cancel=live).result(PATIENCE_S)


def test_a_cancelled_result_is_not_computed() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    with running(backend) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        unwanted, wanted = (batcher.submit(passage(n), cancel=live) for n in (1, 2))
        assert unwanted.cancel()
        backend.let(2)
        wanted.result(PATIENCE_S)
    assert backend.batches == [[0], [2]]


def test_a_full_queue_holds_its_callers_back_until_there_is_room() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    with running(backend, max_waiting=1) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        batcher.submit(passage(1), cancel=live)
        late: list[list[list[int]]] = []

        def submit() -> None:
            batcher.submit(passage(2), cancel=live)
            late.append(list(backend.batches))

        thread = threading.Thread(target=submit)
        thread.start()
        assert "1 running, 1 waiting" in repr(batcher)
        backend.let()
        thread.join(PATIENCE_S)
        assert late[0][:2] == [[0], [1]]  # it came in only after the second had left the queue


def test_a_caller_held_back_can_give_up() -> None:
    backend, live, given_up = GatedBackend(max_rows=1), CancelToken(), CancelToken()
    with running(backend, max_waiting=1) as batcher:
        batcher.submit(passage(0), cancel=live)
        backend.wait_for_batch()
        taken_back = batcher.submit(passage(1), cancel=live)
        outcome: list[BaseException] = []

        def submit() -> None:
            try:
                batcher.submit(passage(2), cancel=given_up)
            except Cancelled as error:
                outcome.append(error)

        late = threading.Thread(target=submit)
        late.start()
        given_up.cancel()
        late.join(PATIENCE_S)
        assert [type(error) for error in outcome] == [Cancelled]
        assert taken_back.cancel()  # and its place is free at once
        batcher.submit(passage(3), cancel=live)


def test_closing_fails_what_waits_and_lets_what_runs_end() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    batcher = Batcher(backend)
    runs = batcher.submit(passage(0), cancel=live)
    backend.wait_for_batch()
    waits, unwanted = (batcher.submit(passage(n), cancel=live) for n in (1, 2))
    unwanted.cancel()
    closing = threading.Thread(target=batcher.close)
    closing.start()
    with pytest.raises(Draining):
        waits.result(PATIENCE_S)
    assert not backend.closed
    backend.let()
    closing.join(PATIENCE_S)
    assert runs.result(0)[0].facts.start_ms == 0
    assert backend.closed
    with pytest.raises(CancelledError):
        unwanted.result(0)
    with pytest.raises(Draining):
        batcher.submit(passage(3), cancel=live)
