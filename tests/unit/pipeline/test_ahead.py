import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.pipeline.ahead import Ahead

Item = int | str  # numbers take room, words only pass
Put = Callable[[Item], None]
Work = Callable[[Put, CancelToken], None]
PATIENCE_S = 60.0


def ahead(work: Work, *, room: int = 2, cancel: CancelToken | None = None) -> Ahead[Item]:
    return Ahead(work, room=room, passing=str, cancel=cancel or CancelToken(), name="at work")


def alive() -> bool:
    return any(thread.name == "at work" for thread in threading.enumerate())


def putting(*items: Item) -> Work:
    def work(put: Put, _: CancelToken) -> None:
        for item in items:
            put(item)

    return work


class Endless:
    """Counts what it could put; ``token`` is the one it was given."""

    def __init__(self) -> None:
        self.put, self.ended = 0, threading.Event()
        self.token: CancelToken | None = None

    def __call__(self, put: Put, cancel: CancelToken) -> None:
        self.token = cancel
        try:
            while True:
                put(self.put)
                self.put += 1
        finally:
            self.ended.set()


@settings(max_examples=50, deadline=None)
@given(items=st.lists(st.one_of(st.integers(), st.text(max_size=3))), room=st.integers(1, 5))
def test_nothing_that_takes_room_is_lost_and_all_is_in_order(items: list[Item], room: int) -> None:
    with ahead(putting(*items), room=room) as made:
        taken = list(made)
    assert [item for item in taken if isinstance(item, int)] == [
        item for item in items if isinstance(item, int)
    ]
    rest = iter(items)
    assert all(item in rest for item in taken)  # a subsequence


@pytest.mark.parametrize("room", [1, 2, 7])
def test_work_is_never_further_ahead_than_there_is_room(room: int) -> None:
    work = Endless()
    with ahead(work, room=room) as made:
        for taken in range(200):
            assert next(made) == taken
            assert work.put <= taken + 1 + room


def test_work_begins_before_anybody_reads() -> None:
    begun = threading.Event()
    with ahead(lambda put, cancel: begun.set()):
        assert begun.wait(PATIENCE_S)


def test_of_what_only_passes_the_last_in_a_row_is_kept_and_nothing_held_back() -> None:
    done = threading.Event()

    def work(put: Put, _: CancelToken) -> None:
        for item in ("a", "b"):
            put(item)
        put(1)
        for item in (*["d"] * 5000, "e"):
            put(item)
        done.set()

    with ahead(work, room=1) as made:
        assert done.wait(PATIENCE_S)
        assert list(made) == ["b", 1, "e"]


def test_an_error_is_raised_behind_what_came_before_it() -> None:
    def work(put: Put, _: CancelToken) -> None:
        put(1)
        put(2)
        raise ValueError("the film is damaged")

    with ahead(work) as made:
        assert [next(made), next(made)] == [1, 2]
        with pytest.raises(ValueError, match="damaged"):
            next(made)
        assert list(made) == []


@pytest.mark.parametrize("taken", [0, 1, 50])
def test_leaving_the_block_ends_work_that_waits_for_room(taken: int) -> None:
    work = Endless()
    with ahead(work) as made:
        for _ in range(taken):
            next(made)
    assert work.ended.is_set()
    assert not alive()


def test_leaving_the_block_ends_work_that_waits_for_something_else() -> None:
    waiting = threading.Event()

    def work(put: Put, cancel: CancelToken) -> None:
        unblocked = threading.Event()
        cancel.on_cancel(unblocked.set)
        waiting.set()
        assert unblocked.wait(PATIENCE_S)

    with ahead(work):
        assert waiting.wait(PATIENCE_S)
    assert not alive()


def test_a_reader_that_fails_leaves_no_thread_behind() -> None:
    work = Endless()
    with suppress(RuntimeError), ahead(work) as made:
        next(made)
        raise RuntimeError
    assert work.ended.is_set()
    assert not alive()


def test_a_reader_that_waits_is_cancelled() -> None:
    cancel, waiting = CancelToken(), threading.Event()

    def work(put: Put, token: CancelToken) -> None:
        stopped = threading.Event()
        token.on_cancel(stopped.set)
        waiting.set()
        assert stopped.wait(PATIENCE_S)

    def cancelling() -> None:
        waiting.wait(PATIENCE_S)
        cancel.cancel()

    other = threading.Thread(target=cancelling)
    with ahead(work, cancel=cancel) as made:
        other.start()
        with pytest.raises(Cancelled):
            next(made)
    other.join()
    assert not alive()


def test_what_waits_is_not_given_out_once_cancelled() -> None:
    cancel, done = CancelToken(), threading.Event()

    def work(put: Put, _: CancelToken) -> None:
        put(1)
        done.set()

    with ahead(work, cancel=cancel) as made:
        assert done.wait(PATIENCE_S)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(made)


def test_a_token_that_was_set_before_stops_all_of_it() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with ahead(Endless(), cancel=cancel) as made, pytest.raises(Cancelled):
        next(made)
    assert not alive()


def test_leaving_the_block_does_not_cancel_the_job() -> None:
    cancel = CancelToken()
    with ahead(Endless(), cancel=cancel) as made:
        next(made)
    assert not cancel.cancelled


def test_log_lines_of_the_thread_name_the_job() -> None:
    job = contextvars.ContextVar("job", default="")
    job.set("a")
    with ahead(lambda put, cancel: put(job.get())) as made:
        assert list(made) == ["a"]


def test_a_reader_with_other_things_to_do_is_told_when_something_has_come() -> None:
    may_put, stirred = threading.Event(), threading.Event()

    def work(put: Put, _: CancelToken) -> None:
        assert may_put.wait(PATIENCE_S)
        put(1)

    with ahead(work) as made:
        made.on_ready(stirred.set)
        assert not made.ready()
        may_put.set()
        assert stirred.wait(PATIENCE_S)
        assert made.ready()
        assert list(made) == [1]
        assert made.ready()  # for the end


def test_an_error_that_was_raised_keeps_nothing_alive() -> None:
    """One that the frame it is raised in holds is a cycle, and so are the chunks beside it."""

    def work(put: Put, _: CancelToken) -> None:
        raise ValueError

    with ahead(work) as made, pytest.raises(ValueError) as raised:  # noqa: PT011 - a test's own
        next(made)
    assert all(
        raised.value not in frame.tb_frame.f_locals.values()
        for frame in _frames(raised.tb)
        if frame.tb_frame.f_code.co_filename.endswith("ahead.py")
    )


def _frames(at: TracebackType | None) -> Iterator[TracebackType]:
    while at is not None:
        yield at
        at = at.tb_next
