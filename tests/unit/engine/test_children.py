"""The parts around an engine child that need none: messages, deadlines, turns, waiting."""

import contextlib
import errno
import fcntl
import os
import socket
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import ClusterUnavailable, DeviceUnavailable
from polycue.engine.backends.processes.arena import NONE, Arena, ArenaView
from polycue.engine.backends.processes.wire import Wire
from polycue.engine.backends.supervised.backoff import Backoff
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.room import Room

PATIENCE_S = 60.0


@contextlib.contextmanager
def wires(arena: Arena | None = None) -> Iterator[tuple[Wire, Wire]]:
    here, there = socket.socketpair()
    ours = Wire(here, arena=arena)
    theirs = Wire(there, theirs=ArenaView(os.dup(arena.descriptor)) if arena else None)
    try:
        yield ours, theirs
    finally:
        ours.close()
        theirs.close()


@pytest.mark.parametrize("shared", [False, True])
@given(messages=st.lists(st.lists(st.integers(0, 40_000), max_size=4), min_size=1, max_size=4))
def test_arrays_of_any_length_arrive_as_they_were_and_one_message_after_the_other(
    messages: list[list[int]], *, shared: bool
) -> None:
    sent = [[np.arange(length, dtype=np.float32) for length in lengths] for lengths in messages]
    numbers = [number if shared else None for number in range(len(sent))]
    with wires(Arena() if shared else None) as (here, there):
        sender = threading.Thread(target=lambda: list(map(here.send, enumerate(sent), numbers)))
        sender.start()
        for number, arrays in enumerate(sent):
            count, received = there.receive()
            assert count == number
            assert len(received) == len(arrays)
            for got, array in zip(received, arrays, strict=True):
                np.testing.assert_array_equal(got, array)
                assert got.dtype == np.float32
        sender.join(PATIENCE_S)


def test_a_message_of_many_threads_is_not_torn() -> None:
    with wires() as (here, there):
        sound = np.ones(100_000, np.float32)
        senders = [threading.Thread(target=lambda n=n: here.send((n, sound * n))) for n in range(8)]
        for sender in senders:
            sender.start()
        received = dict(there.receive() for _ in senders)
        assert all((received[n] == n).all() for n in range(8))
        for sender in senders:
            sender.join(PATIENCE_S)


def test_what_cannot_be_sent_leaves_the_wire_as_it_was() -> None:
    with wires() as (here, there):
        with pytest.raises(Exception, match=r"pickle|local"):
            here.send(lambda: None)
        here.send("after it")
        assert there.receive() == "after it"


def test_arrays_lie_in_the_arena_until_they_are_freed() -> None:
    arena = Arena()
    sound = np.ones(100_000, np.float32)
    with wires(arena) as (here, there):
        here.send(("a batch", sound), 1)
        assert arena.used_bytes >= sound.nbytes
        _, received = there.receive()
        assert (received == 1).all()
        assert not received.flags.writeable
        here.free(1)
        here.free(1)  # nothing is there any more
        assert arena.used_bytes == 0
        here.send(("nobody would free it", sound[:100]))
        assert arena.used_bytes == 0
        here.send(("a batch", sound), 2)
    assert arena.used_bytes == 0


def forbid_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with vm.memfd_noexec = 2."""

    def forbidden(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "memfd_create", forbidden)


def be_built_for_old_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pythons of conda and uv are, or were: for a C library that had not heard of it yet."""
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.delattr(fcntl, "F_ADD_SEALS")


@pytest.mark.parametrize("without", [forbid_memory, be_built_for_old_systems])
def test_arrays_follow_on_the_socket_where_no_memory_is_to_be_had(
    without: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch)
    arena = Arena()
    assert arena.descriptor == NONE
    here, there = socket.socketpair()
    ours, theirs = Wire(here, arena=arena), Wire(there)
    ours.send(np.arange(10_000), 1)
    assert (theirs.receive() == np.arange(10_000)).all()
    ours.close()
    theirs.close()


def test_a_wire_ends_for_both_when_one_hangs_up() -> None:
    with wires() as (here, there):
        here.hang_up()
        for end in (here, there):
            with pytest.raises(EOFError):
                end.receive()
        with pytest.raises(OSError, match="pipe"):
            there.send("too late")


def test_a_deadline_is_many_times_what_the_device_needed_so_far_and_never_too_short() -> None:
    pace = Pace(factor=20, least_s=60)
    assert pace.deadline_s("large", amount=30) == 600
    for _ in range(40):
        pace.took("large", amount=30, seconds=120)
    assert pace.deadline_s("large", amount=30) == pytest.approx(20 * 120)
    assert pace.deadline_s("large", amount=0.1) == 60
    assert pace.deadline_s("small", amount=30) == 600  # another kind knows nothing of it


def test_one_slow_batch_among_many_does_not_settle_what_is_expected() -> None:
    pace = Pace(factor=20, least_s=0)
    pace.took("m", amount=10, seconds=1)
    pace.took("m", amount=10, seconds=11)
    assert pace.deadline_s("m", amount=10) == pytest.approx(20 * 3)


def test_who_wants_to_be_alone_waits_for_those_inside_and_keeps_the_others_out() -> None:
    room, order = Room(), list[str]()
    may_leave, inside = threading.Event(), threading.Event()

    def first() -> None:
        with room.entered(alone=False):
            inside.set()
            may_leave.wait(PATIENCE_S)
            order.append("first")

    def alone() -> None:
        with room.entered(alone=True):
            order.append("alone")

    def late() -> None:
        with room.entered(alone=False):
            order.append("late")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    assert inside.wait(PATIENCE_S)
    threads.append(threading.Thread(target=alone))
    threads[1].start()
    while not room._alone:  # until it has asked
        pass
    threads.append(threading.Thread(target=late))
    threads[2].start()
    may_leave.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order == ["first", "alone", "late"]


def test_a_room_is_free_again_after_an_error() -> None:
    room = Room()
    for alone in (True, False, True):
        with pytest.raises(ZeroDivisionError), room.entered(alone=alone):
            raise ZeroDivisionError
    with room.entered(alone=False), room.entered(alone=False):
        pass


def test_a_cluster_is_tried_again_after_ten_seconds_at_most() -> None:
    backoff = Backoff(lambda: 0.0)
    errors = [backoff.failed("ray", ClusterUnavailable("nobody answers")) for _ in range(6)]
    assert [error.retry_after_s for error in errors] == [1, 2, 4, 8, 10, 10]
    assert all(isinstance(error, ClusterUnavailable) for error in errors)


def test_a_cluster_that_is_away_for_days_is_still_tried() -> None:
    backoff = Backoff(lambda: 0.0)
    for _ in range(10_000):
        error = backoff.failed("ray", ClusterUnavailable("nobody answers"))
    assert error.retry_after_s == 10


def test_what_fails_is_tried_later_each_time_and_after_a_minute_at_most() -> None:
    now_s = 0.0
    backoff = Backoff(lambda: now_s)
    delays = []
    for _ in range(9):
        backoff.check("model")
        delays.append(
            backoff.failed("model", DeviceUnavailable("cuda", "it is gone")).retry_after_s
        )
        with pytest.raises(DeviceUnavailable, match="it is gone") as refused:
            backoff.check("model")
        assert refused.value.retry_after_s == delays[-1]
        backoff.check("another")
        now_s += delays[-1] or 0
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    backoff.worked("model")
    assert backoff.failed("model", DeviceUnavailable("cuda", "it is gone")).retry_after_s == 1
