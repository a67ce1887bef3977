import math
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest

from polycue import metrics
from polycue.domain.audio import Span
from polycue.domain.caller import Caller, Urgency
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import (
    Cancelled,
    DeviceUnavailable,
    Draining,
    EngineDied,
    OutOfMemory,
    RecognitionFailed,
)
from polycue.domain.transcript import ChunkFacts
from polycue.engine.batch_done import BatchDone
from polycue.engine.batching.batcher import Batcher
from polycue.engine.batching.credits import Credits
from polycue.engine.batching.work import Result
from polycue.speech.passage import DecodeSettings, Passage
from support.asking import ask, made, order_of
from support.waiting import until

FACTS = ModelFacts("fake", ("en",), 30_000, translates=True, demo=False)
LIVE = Caller("b", "clip", Urgency.LIVE)
PATIENCE_S = 60.0  # far longer than anything here takes


class GatedBackend:
    """Notes its batches and answers each when it is let; falls over at poisoned chunks."""

    facts = FACTS

    def __init__(
        self,
        max_rows: int = 4,
        poisoned_ms: Sequence[int] = (),
        *,
        workers: int = 1,
        holds: int = 100,
        device: str = "cpu",
    ) -> None:
        self.max_rows, self.workers, self.device = max_rows, workers, device
        self.batches: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)
        self.closed = False
        self.lost: Exception | None = None
        self._poisoned_ms, self._holds = poisoned_ms, holds

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        starts = [passage.start_ms for passage in batch]
        self.batches.append(starts)
        self.begun.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        if self.lost:
            raise self.lost
        if len(batch) > self._holds:
            raise OutOfMemory(starts[0], "CUDA failed with error out of memory")
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
    return Recognised((), facts, 1.0, tokens=7)


def passage(start_ms: int, beam_size: int = 5, language: str = "en", heat: float = 0) -> Passage:
    settings = DecodeSettings(beam_size=beam_size, language=language, temperature=heat)
    speech = (Span(start_ms, start_ms + 1_000),)
    return Passage(start_ms, start_ms + 1_000, speech, np.zeros((80, 101), np.float32), settings)


ROW_BYTES = passage(0).features.nbytes


class Door(Credits):
    """Room for so many rows of each class."""

    def __init__(self, room: int) -> None:
        super().__init__(in_all=math.ceil(room * ROW_BYTES * 8 / 7))


@contextmanager
def running(
    *backends: GatedBackend,
    room: int = 100,
    done: list[BatchDone] | None = None,
    credits_: Credits | None = None,
) -> Iterator[Batcher]:
    """``room`` is how many rows of a class it holds, those that run among them."""
    note = (lambda _: None) if done is None else done.append
    batcher = Batcher(backends, credits_=credits_ or Door(room), note=note)
    try:
        yield batcher
    finally:
        for backend in backends:
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


def test_live_callers_go_first_and_doubtful_rows_last() -> None:
    backend, live = GatedBackend(max_rows=4), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        results = [
            ask(batcher, passage(1, heat=0.2), cancel=live),
            ask(batcher, passage(2, beam_size=1), cancel=live),
            ask(batcher, passage(3), cancel=live, caller=LIVE),
        ]
        assert batcher.queue.waiting == {Urgency.LIVE: 1, Urgency.BATCH: 2}
        assert (batcher.queue.again, batcher.queue.running) == (1, 1)
        backend.let(4)
        for result in results:
            result.result(PATIENCE_S)
    assert backend.batches == [[0], [3], [2], [1]]


def test_each_worker_of_each_device_has_a_batch_of_its_own() -> None:
    # Of a row each: a worker that begins before the others wait shares what there is with nobody.
    one, other = GatedBackend(1, workers=2), GatedBackend(1, device="cuda:1")
    done, live = list[BatchDone](), CancelToken()
    with running(one, other, done=done) as batcher:
        results = [ask(batcher, passage(n), cancel=live) for n in range(3)]
        for backend in (one, one, other):
            backend.wait_for_batch()
        assert batcher.queue.running == 3
        one.let(2)
        other.let()
        for result in results:
            result.result(PATIENCE_S)
    assert sorted((b.device, b.worker) for b in done) == [("cpu", 0), ("cpu", 1), ("cuda:1", 0)]
    assert (one.closed, other.closed) == (True, True)


def test_a_row_keeps_its_place_while_its_sound_is_being_made() -> None:
    backend, live = GatedBackend(max_rows=2), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        making: Future[Passage] = Future()
        late = batcher.submit(making, order_of(passage(1)), cancel=live)
        others = [ask(batcher, passage(n), cancel=live) for n in (2, 3, 4)]
        backend.let()  # what is there does not wait for what is not
        backend.wait_for_batch()
        making.set_result(passage(1))
        backend.let(2)
        for result in (late, *others):
            result.result(PATIENCE_S)
    assert backend.batches == [[0], [2, 3], [1, 4]]


def test_a_row_whose_sound_cannot_be_made_fails_with_what_happened() -> None:
    backend, live = GatedBackend(), CancelToken()
    with running(backend) as batcher:
        making: Future[Passage] = Future()
        result = batcher.submit(making, order_of(passage(1)), cancel=live)
        making.set_exception(RecognitionFailed(1, "its sound has values that are no numbers"))
        with pytest.raises(RecognitionFailed):
            result.result(PATIENCE_S)
        assert batcher.queue.bytes == 0
    assert backend.batches == []


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


def test_who_was_alone_when_its_engine_died_is_tried_once_more() -> None:
    backend, live = GatedBackend(), CancelToken()
    backend.lost = EngineDied("a batch", "signal 11")
    with running(backend) as batcher:
        result = ask(batcher, passage(0), cancel=live)
        backend.let()
        backend.wait_for_batch()
        backend.wait_for_batch()
        backend.lost = None
        backend.let()
        assert result.result(PATIENCE_S).facts.start_ms == 0
    assert backend.batches == [[0], [0]]


def test_the_worker_outlives_errors_nobody_foresaw() -> None:
    class Broken(GatedBackend):
        def run(self, batch: Sequence[Passage]) -> list[Recognised]:
            return [] if batch[0].start_ms == 0 else super().run(batch)

    def note(done: BatchDone) -> None:
        raise ZeroDivisionError

    backend, live = Broken(), CancelToken()
    batcher = Batcher([backend], note=note)
    with pytest.raises(ValueError, match="0 results for 1 rows"):
        ask(batcher, passage(0), cancel=live).result(PATIENCE_S)
    backend.let()
    assert ask(batcher, passage(1), cancel=live).result(PATIENCE_S).facts.start_ms == 1
    batcher.close()


def test_a_batch_that_memory_does_not_hold_is_done_in_halves_and_so_are_those_behind() -> None:
    def halved() -> float:
        return (
            metrics.REGISTRY.get_sample_value("polycue_batches_halved_total", {"device": "cpu"})
            or 0.0
        )

    backend, live, before = GatedBackend(max_rows=4, holds=2), CancelToken(), halved()
    done: list[BatchDone] = []
    with running(backend, done=done) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        results = [ask(batcher, passage(n), cancel=live) for n in range(1, 9)]
        backend.let(20)
        assert [r.result(PATIENCE_S).facts.start_ms for r in results] == list(range(1, 9))
    assert backend.batches == [[0], [1, 2, 3, 4], [1, 2], [3, 4], [5, 6], [7, 8]]
    assert [b.failed for b in done] == [False, True, False, False, False, False]
    assert [b.max_rows for b in done] == [4, 4, 2, 2, 2, 2]
    assert halved() == before + 1


def test_a_row_too_large_for_the_memory_by_itself_fails() -> None:
    backend, live = GatedBackend(holds=0), CancelToken()
    with running(backend) as batcher:
        backend.let()
        with pytest.raises(OutOfMemory):
            ask(batcher, passage(0), cancel=live).result(PATIENCE_S)


def test_batches_are_told_of_before_anybody_has_their_results() -> None:
    backend, live = GatedBackend(), CancelToken()
    done: list[BatchDone] = []
    with running(backend, done=done) as batcher:
        backend.let(2)
        for n, heat in enumerate((0.0, 0.2)):
            ask(batcher, passage(n, heat=heat), cancel=live, caller=LIVE).result(PATIENCE_S)
            told = done[n]
            (row,) = told.rows
            assert (told.model, told.device, told.max_rows) == ("fake", "cpu", 4)
            assert (row.caller, row.tokens, row.audio_ms) == (LIVE, 7, 1_000)
            assert row.again == (heat > 0)
            assert 0 <= row.waited_s <= row.age_s


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


def test_a_callers_token_takes_back_all_that_waits_and_what_runs_runs_for_nobody() -> None:
    backend, live, given_up = GatedBackend(max_rows=2), CancelToken(), CancelToken()
    with running(backend) as batcher:
        runs = ask(batcher, passage(0), cancel=given_up)
        backend.wait_for_batch()
        making: Future[Passage] = Future()
        waits = [
            ask(batcher, passage(1), cancel=given_up),
            batcher.submit(making, order_of(passage(2)), cancel=given_up),
        ]
        other = ask(batcher, passage(3), cancel=live)
        given_up.cancel()
        assert all(result.cancelled() for result in waits)
        assert making.cancelled()  # nobody needs it
        assert batcher.queue.bytes == 2 * ROW_BYTES
        backend.let(2)
        assert runs.result(PATIENCE_S).facts.start_ms == 0
        other.result(PATIENCE_S)
    assert backend.batches == [[0], [3]]


def test_a_row_that_memory_put_back_can_be_taken_back_too() -> None:
    backend, live, given_up = GatedBackend(max_rows=4, holds=1), CancelToken(), CancelToken()
    with running(backend) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        kept, *unwanted = [
            ask(batcher, passage(n), cancel=live if n == 1 else given_up) for n in (1, 2, 3, 4)
        ]
        backend.let(2)  # all four do not fit
        for _ in range(2):
            backend.wait_for_batch()
        given_up.cancel()
        backend.let(4)
        assert kept.result(PATIENCE_S).facts.start_ms == 1
        for result in unwanted:
            with pytest.raises(Cancelled):
                result.result(PATIENCE_S)
    assert [3] not in backend.batches
    assert [4] not in backend.batches


def test_a_full_queue_holds_its_callers_back_until_there_is_room() -> None:
    backend, live, door = GatedBackend(max_rows=1), CancelToken(), Door(2)
    entered = threading.Event()
    with running(backend, credits_=door) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        ask(batcher, passage(1), cancel=live)
        order = order_of(passage(2))
        late = batcher.submit(made(passage(2)), order, cancel=live, entered=entered.set)
        assert "1 running, 1 waiting" in repr(batcher)
        assert "1 at the door" in repr(batcher)
        assert not late.inside
        assert batcher.queue.bytes == 2 * ROW_BYTES
        backend.let()
        assert entered.wait(PATIENCE_S)  # in, as the first has ended
        assert late.inside
        backend.let(2)
        assert late.result(PATIENCE_S).facts.start_ms == 2


@pytest.mark.parametrize("by_token", [True, False])
def test_a_caller_held_back_can_give_up(by_token: bool) -> None:
    backend, live, given_up, door = GatedBackend(max_rows=1), CancelToken(), CancelToken(), Door(2)
    with running(backend, credits_=door) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        taken_back = ask(batcher, passage(1), cancel=live)
        late = ask(batcher, passage(2), cancel=given_up)
        assert "1 at the door" in repr(batcher)
        if by_token:
            given_up.cancel()
        else:
            late.cancel()
        assert late.cancelled()
        assert "0 at the door" in repr(batcher)
        assert taken_back.cancel()  # and its place is free at once
        assert ask(batcher, passage(3), cancel=live).inside
        assert batcher.queue.bytes == door.held == 2 * ROW_BYTES


def test_who_is_held_back_and_fails_is_at_the_door_no_more() -> None:
    backend, live, door = GatedBackend(max_rows=1), CancelToken(), Door(1)
    making: Future[Passage] = Future()
    with running(backend, credits_=door) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        late = batcher.submit(making, order_of(passage(1)), cancel=live)
        making.set_exception(RecognitionFailed(1, "no numbers"))
        assert isinstance(late.exception(PATIENCE_S), RecognitionFailed)
        assert "0 at the door" in repr(batcher)
    assert door.held == 0


def test_a_row_is_held_back_no_longer_though_its_sound_comes_late() -> None:
    backend, live, door = GatedBackend(max_rows=1), CancelToken(), Door(1)
    making: Future[Passage] = Future()
    with running(backend, credits_=door) as batcher:
        first = ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        late = batcher.submit(making, order_of(passage(1)), cancel=live)
        backend.let(2)
        first.result(PATIENCE_S)
        making.set_result(passage(1))
        assert late.result(PATIENCE_S).facts.start_ms == 1


def test_who_is_held_back_when_it_closes_is_sent_away() -> None:
    backend, live, door = GatedBackend(max_rows=1), CancelToken(), Door(1)
    batcher = Batcher([backend], credits_=door)
    with ThreadPoolExecutor(1) as pool:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        late = ask(batcher, passage(1), cancel=live)
        closing = pool.submit(batcher.close)
        assert isinstance(late.exception(PATIENCE_S), Draining)
        backend.let()
        closing.result(PATIENCE_S)
    assert door.held == 0


def test_what_waits_for_one_model_leaves_the_less_room_for_another() -> None:
    one, other, live, door = GatedBackend(), GatedBackend(), CancelToken(), Door(2)
    with running(one, credits_=door) as first, running(other, credits_=door) as second:
        for _ in range(2):
            ask(first, passage(0), cancel=live)
        late = ask(second, passage(1), cancel=live)
        assert not late.inside
        one.let(2)
        other.let()
        assert late.result(PATIENCE_S).facts.start_ms == 1
    assert door.held == 0


def waiting_behind(batcher: Batcher, backend: GatedBackend, rows: int) -> list[Result]:
    """So many rows that make the next batch, now running."""
    live = CancelToken()
    ask(batcher, passage(0), cancel=live)
    backend.wait_for_batch()
    results = [ask(batcher, passage(n), cancel=live) for n in range(1, rows + 1)]
    backend.let()
    backend.wait_for_batch()
    return results


def test_a_model_that_is_there_for_nobody_is_asked_once_for_all() -> None:
    backend = GatedBackend()
    with running(backend) as batcher:
        results = waiting_behind(batcher, backend, 3)
        backend.lost = DeviceUnavailable("cuda", "it fell off the bus")
        backend.let(10)
        for result in results:
            assert isinstance(result.exception(PATIENCE_S), DeviceUnavailable)
    assert backend.batches == [[0], [1, 2, 3]]


def test_rows_tried_apart_stop_where_the_model_is_lost_for_all() -> None:
    backend = GatedBackend()
    with running(backend) as batcher:
        results = waiting_behind(batcher, backend, 3)
        backend.lost = EngineDied("a batch", "signal 11")
        backend.let()
        backend.wait_for_batch()
        backend.lost = DeviceUnavailable("cuda", "it does not start any more")
        backend.let(10)
        for result in results:
            assert isinstance(result.exception(PATIENCE_S), DeviceUnavailable)
    assert backend.batches == [[0], [1, 2, 3], [1]]


def test_who_gave_up_behind_a_failed_batch_is_not_tried_and_not_told_of() -> None:
    backend, live, given_up = GatedBackend(poisoned_ms=[1]), CancelToken(), CancelToken()
    done: list[BatchDone] = []
    with running(backend, done=done) as batcher:
        ask(batcher, passage(0), cancel=live)
        backend.wait_for_batch()
        bad = ask(batcher, passage(1), cancel=live)
        unwanted = ask(batcher, passage(2), cancel=given_up)
        backend.let()
        backend.wait_for_batch()
        given_up.cancel()
        backend.let(10)
        assert isinstance(bad.exception(PATIENCE_S), RecognitionFailed)
        assert isinstance(unwanted.exception(PATIENCE_S), Cancelled)
    assert backend.batches == [[0], [1, 2], [1]]
    assert [len(batch.rows) for batch in done] == [1, 2, 1]


def test_rows_of_a_failed_batch_are_not_tried_apart_once_it_is_closed() -> None:
    backend = GatedBackend()
    batcher = Batcher([backend])
    results = waiting_behind(batcher, backend, 2)
    last = ask(batcher, passage(9, beam_size=1), cancel=CancelToken())
    backend.lost = EngineDied("a batch", "signal 11")
    closing = threading.Thread(target=batcher.close)
    closing.start()
    assert isinstance(last.exception(PATIENCE_S), Draining)  # it is closed by now
    backend.let(10)
    for result in results:
        assert isinstance(result.exception(PATIENCE_S), Draining)
    closing.join(PATIENCE_S)
    assert backend.batches == [[0], [1, 2]]


def test_closing_fails_what_waits_and_lets_what_runs_end() -> None:
    backend, live = GatedBackend(max_rows=1), CancelToken()
    batcher = Batcher([backend])
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


def test_a_device_that_does_not_free_its_model_keeps_no_other_from_it() -> None:
    class Stuck(GatedBackend):
        def close(self) -> None:
            super().close()
            raise OSError("it is stuck")

    stuck, other = Stuck(max_rows=1), GatedBackend(max_rows=1)
    Batcher([stuck, other]).close()
    assert stuck.closed
    assert other.closed


def test_a_backend_that_joins_takes_of_what_waits() -> None:
    first, second, live = GatedBackend(max_rows=1), GatedBackend(max_rows=1), CancelToken()
    with running(first) as batcher:
        results = [ask(batcher, passage(n), cancel=live) for n in range(3)]
        first.wait_for_batch()
        assert batcher.capacity == 1
        batcher.take_in(second)
        assert batcher.capacity == 2
        second.let(3)
        assert [results[n].result(PATIENCE_S).facts.start_ms for n in (1, 2)] == [1, 2]
        first.let()
        results[0].result(PATIENCE_S)
    assert (first.batches, second.batches) == ([[0]], [[1], [2]])
    assert second.closed


def test_a_backend_that_is_let_go_ends_its_batch_and_takes_no_other() -> None:
    stays, goes, live = GatedBackend(max_rows=1), GatedBackend(max_rows=1), CancelToken()
    with running(stays) as batcher:
        first = ask(batcher, passage(0), cancel=live)
        stays.wait_for_batch()
        batcher.take_in(goes)
        second = ask(batcher, passage(1), cancel=live)
        goes.wait_for_batch()
        last = ask(batcher, passage(2), cancel=live)
        leaving = threading.Thread(target=batcher.let_go, args=(goes,))
        leaving.start()
        until(lambda: batcher.capacity == 1)  # from then on it gets no more
        goes.let(2)
        leaving.join(PATIENCE_S)
        assert goes.closed
        assert second.result(PATIENCE_S).facts.start_ms == 1
        stays.let(2)
        assert [one.result(PATIENCE_S).facts.start_ms for one in (first, last)] == [0, 2]
        assert batcher.capacity == 1
        batcher.let_go(goes)  # once more does nothing
    assert goes.batches == [[1]]


def test_an_idle_backend_is_let_go_at_once() -> None:
    stays, goes, live = GatedBackend(max_rows=1), GatedBackend(max_rows=1), CancelToken()
    with running(stays, goes) as batcher:
        batcher.let_go(goes)
        assert goes.closed
        for number in range(3):
            row = ask(batcher, passage(number), cancel=live)
            stays.let()
            assert row.result(PATIENCE_S).facts.start_ms == number
    assert not goes.batches


def test_nobody_joins_what_is_closed() -> None:
    late = GatedBackend()
    with running(GatedBackend()) as batcher:
        pass
    with pytest.raises(Draining):
        batcher.take_in(late)
    batcher.let_go(late)
    assert not late.closed


def test_backends_come_and_go_and_every_row_is_heard_once() -> None:
    stays, live = GatedBackend(max_rows=2), CancelToken()
    stays.let(10_000)
    with running(stays, room=200) as batcher:
        results = [ask(batcher, passage(n), cancel=live) for n in range(150)]
        visitors = []
        for _ in range(5):
            visitor = GatedBackend(max_rows=2, workers=2)
            visitor.let(10_000)
            visitors.append(visitor)
            batcher.take_in(visitor)
            batcher.let_go(visitor)
        heard = [result.result(PATIENCE_S).facts.start_ms for result in results]
    assert heard == list(range(150))
    batches = [batch for one in (stays, *visitors) for batch in one.batches]
    assert sorted(start for batch in batches for start in batch) == heard
    assert all(visitor.closed for visitor in visitors)


def test_many_callers_in_many_threads_each_get_what_they_asked_for() -> None:
    backend = GatedBackend(max_rows=4, workers=3, holds=3, poisoned_ms=[7])
    backend.let(10_000)
    with running(backend, room=6) as batcher:
        outcomes: Counter[str] = Counter()

        def film(number: int) -> None:
            token = CancelToken()
            caller = Caller(str(number % 3), str(number), list(Urgency)[number % 2])
            results = [ask(batcher, passage(n), cancel=token, caller=caller) for n in range(20)]
            if number == 4:
                token.cancel()
            for n, result in enumerate(results):
                try:
                    assert result.result(PATIENCE_S).facts.start_ms == n
                    outcomes["heard"] += 1
                except RecognitionFailed as error:
                    outcomes["failed" if error.start_ms == n == 7 else "wrong"] += 1
                except (Cancelled, CancelledError):
                    assert number == 4

        films = [threading.Thread(target=film, args=(number,)) for number in range(8)]
        for thread in films:
            thread.start()
        for thread in films:
            thread.join(PATIENCE_S)
        until(lambda: not batcher.queue.running)  # who has a result has it before it is put away
        assert batcher.queue.bytes == 0
        assert sum(batcher.queue.waiting.values()) == 0
    assert not outcomes["wrong"]
    assert outcomes["failed"] >= 7
    assert outcomes["heard"] >= 7 * 19
