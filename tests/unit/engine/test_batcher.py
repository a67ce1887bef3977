import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager

import numpy as np
import pytest

from polycue.domain.audio import Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import Cancelled, Draining, RecognitionFailed
from polycue.domain.transcript import ChunkFacts
from polycue.engine.batcher import Batcher
from polycue.speech.passage import DecodeSettings, Passage
from support.asking import ask

FACTS = ModelFacts("fake", ("en",), 30_000, translates=True, demo=False)
PATIENCE_S = 10.0  # far longer than anything here takes


class GatedBackend:
    """Notes its batches and answers each when it is let; falls over at poisoned chunks."""

    facts = FACTS
    device, workers = "cpu", 1

    def __init__(self, max_rows: int = 4, poisoned_ms: Sequence[int] = ()) -> None:
        self.max_rows = max_rows
        self.batches: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.closed = False
        self._poisoned_ms = poisoned_ms

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        starts = [passage.start_ms for passage in batch]
        self.batches.append(starts)
        self.begun.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        for start_ms in starts:
            if start_ms in self._poisoned_ms:
                raise RecognitionFailed(start_ms, "poisoned")
        return list(map(recognised, batch))

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        self.closed = True

    def wait_for_batch(self) -> None:
        assert self.begun.acquire(timeout=PATIENCE_S)

    def let(self, batches: int = 1) -> None:
        self.may_end.release(batches)


def recognised(passage: Passage) -> Recognised:
    facts = ChunkFacts(passage.start_ms, passage.end_ms, "en", -0.1, 0.0, 1.0, 0)
    return Recognised((), facts, 1.0)


def passage(start_ms: int, beam_size: int = 5, language: str = "en") -> Passage:
    settings = DecodeSettings(beam_size=beam_size, language=language)
    speech = (Span(start_ms, start_ms + 1_000),)
    return Passage(start_ms, start_ms + 1_000, speech, np.zeros((80, 101), np.float32), settings)


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
        first = ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        others = [ask(batcher, passage(n), cancel=live) for n in (1, 2, 3, 4)]
        backend.let(3)
        results = [r.result(PATIENCE_S).facts.start_ms for r in (first, *others)]
    assert results == [0, 1, 2, 3, 4]
    assert backend.batches == [[0], [1, 2, 3], [4]]


def test_only_passages_with_equal_keys_share_a_batch_oldest_first() -> None:
    backend, live = GatedBackend(max_rows=3), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        results = [
            ask(batcher, passage(1, beam_size=1), cancel=live),
            ask(batcher, passage(2), cancel=live),
            ask(batcher, passage(3, beam_size=1, language="fr"), cancel=live),
        ]
        backend.let(3)
        for result in results:
            result.result(PATIENCE_S)
    assert backend.batches == [[0], [1, 3], [2]]


def test_one_poisoned_chunk_fails_alone() -> None:
    backend, live = GatedBackend(poisoned_ms=[2]), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        results = [ask(batcher, passage(n), cancel=live) for n in (1, 2, 3)]
        backend.let(10)
        assert results[0].result(PATIENCE_S).facts.start_ms == 1
        assert results[2].result(PATIENCE_S).facts.start_ms == 3
        with pytest.raises(RecognitionFailed) as failure:
            results[1].result(PATIENCE_S)
    assert failure.value.start_ms == 2
    assert backend.batches == [[0], [1, 2, 3], [1], [2], [3]]


def test_the_worker_outlives_an_error_nobody_foresaw() -> None:
    class Broken(GatedBackend):
        def run(self, batch: Sequence[Passage]) -> list[Recognised]:
            return [] if batch[0].start_ms == 0 else super().run(batch)

    backend, live = Broken(), CancelToken()
    with running(backend) as batcher:
        with pytest.raises(ValueError, match="zip"):
            ask(batcher, passage(0), cancel=live).result(PATIENCE_S)
        backend.let()
        assert ask(batcher, passage(1), cancel=live).result(PATIENCE_S).facts.start_ms == 1


def test_a_cancelled_result_is_not_computed() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        unwanted, wanted = (ask(batcher, passage(n), cancel=live) for n in (1, 2))
        assert unwanted.cancel()
        backend.let(2)
        wanted.result(PATIENCE_S)
    assert backend.batches == [[0], [2]]


def test_a_full_queue_holds_its_callers_back_until_there_is_room() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    with running(backend, max_waiting=1) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        ask(batcher, passage(1), cancel=live)
        late: list[list[list[int]]] = []

        def submit() -> None:
            ask(batcher, passage(2), cancel=live)
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
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        taken_back = ask(batcher, passage(1), cancel=live)
        outcome: list[BaseException] = []

        def submit() -> None:
            try:
                ask(batcher, passage(2), cancel=given_up)
            except Cancelled as error:
                outcome.append(error)

        late = threading.Thread(target=submit)
        late.start()
        given_up.cancel()
        late.join(PATIENCE_S)
        assert [type(error) for error in outcome] == [Cancelled]
        assert taken_back.cancel()  # and its place is free at once
        ask(batcher, passage(3), cancel=live)


def test_closing_fails_what_waits_and_lets_what_runs_end() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    batcher = Batcher(backend)
    runs = ask(batcher, passage(0), cancel=live)
    backend.wait_for_batch()
    waits, unwanted = (ask(batcher, passage(n), cancel=live) for n in (1, 2))
    unwanted.cancel()
    closing = threading.Thread(target=batcher.close)
    closing.start()
    with pytest.raises(Draining):
        waits.result(PATIENCE_S)
    assert not backend.closed
    backend.let()
    closing.join(PATIENCE_S)
    assert runs.result(0).facts.start_ms == 0
    assert backend.closed
    with pytest.raises(CancelledError):
        unwanted.result(0)
    with pytest.raises(Draining):
        ask(batcher, passage(3), cancel=live)
