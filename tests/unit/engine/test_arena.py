"""What a server shares with its engine children lies apart, and nothing is left of it."""

import ctypes
import errno
import fcntl
import mmap
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import polycue.engine.backends.processes.arena as arenas
from polycue.engine.backends.processes.arena import Arena, ArenaView, Location, Place
from polycue.engine.backends.ray.parcel import Parcel

BATCH = 16 * 960_000
_PUNCH_HOLE = 3  # and keep its size: of linux/falloc.h


def held() -> list[str]:
    """The arenas that this process maps or has open."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    files = [os.path.realpath(place) for place in Path("/proc/self/fd").iterdir()]
    return [line for line in (*maps, *files) if "memfd:polycue" in line]


def backed(arena: Arena) -> int:
    """How much memory there is for it."""
    return os.fstat(arena.descriptor).st_blocks * 512


def view_of(arena: Arena) -> ArenaView:
    return ArenaView(os.dup(arena.descriptor))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.lists(st.integers(0, 20_000), max_size=3)), max_size=20
    )
)
def test_what_is_kept_stays_as_it_was_whatever_comes_and_goes_beside_it(
    steps: list[tuple[int, list[int]]],
) -> None:
    arena = Arena()
    view = view_of(arena)
    kept = dict[int, list[tuple[Place, bytes]]]()
    for step, (number, sizes) in enumerate(steps):
        arena.free(number)
        arrays = [bytes([step + 1]) * size for size in sizes]
        places = arena.put(number, [memoryview(array) for array in arrays])
        assert places is not None
        kept[number] = list(zip(places, arrays, strict=True))
        for place, array in (one for several in kept.values() for one in several):
            assert view.array(place) == array
    for number in kept:
        arena.free(number)
    assert arena.used_bytes == 0
    arena.close()


def test_batches_one_after_the_other_take_no_more_memory_than_one() -> None:
    arena = Arena()
    batch = memoryview(bytes(BATCH))
    for number in range(5):
        assert arena.put(number, [batch]) == [Place(0, BATCH)]
        arena.free(number)
    assert BATCH <= backed(arena) < BATCH + 100_000
    arena.close()


def test_what_does_not_fit_is_not_taken_and_leaves_room_for_what_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arenas, "_BYTES", 1_000_000)
    arena = Arena()
    array = memoryview(bytes(600_000))
    assert arena.put(1, [array])
    assert arena.put(2, [array]) is None
    assert arena.put(3, [array, array]) is None
    assert arena.put(4, [array[:300_000]])
    arena.free(1)
    assert arena.put(5, [array])
    arena.close()
    assert arena.put(6, [array]) is None


def test_memory_that_has_run_out_ends_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that cannot be had ends with SIGBUS whoever writes to it."""

    def full(*_: int) -> None:
        raise OSError("No space left on device")

    arena = Arena()
    with monkeypatch.context() as patched:
        patched.setattr(os, "posix_fallocate", full)
        assert arena.put(1, [memoryview(b"sound")]) is None
    assert arena.put(1, [memoryview(b"sound")])
    arena.close()


def test_nothing_is_left_of_an_arena_that_is_closed() -> None:
    before = held()
    arena = Arena()
    assert len(held()) > len(before)
    arena.put(1, [memoryview(bytes(BATCH))])
    arena.close()
    arena.close()
    assert held() == before


def test_nobody_can_cut_it_off_or_write_to_it_but_who_made_it() -> None:
    arena = Arena()
    assert arena.put(1, [memoryview(b"sound")])
    theirs = os.dup(arena.descriptor)
    with pytest.raises(PermissionError):
        os.ftruncate(theirs, 0)
    with pytest.raises(PermissionError):
        mmap.mmap(theirs, 0)
    with pytest.raises(PermissionError):
        os.pwrite(theirs, b"noise", 0)
    assert ctypes.CDLL(None).fallocate(theirs, _PUNCH_HOLE, *map(ctypes.c_long, (0, 4096))) == -1
    assert bytes(ArenaView(theirs).array(Place(0, 5))) == b"sound"
    assert arena.put(2, [memoryview(bytes(BATCH))])
    arena.close()


def test_a_kernel_that_knows_no_seal_against_writing_shares_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seal = fcntl.fcntl

    def unknown(descriptor: int, command: int, seals: int) -> int:
        if seals != fcntl.F_SEAL_SHRINK:
            raise OSError(errno.EINVAL, "Invalid argument")
        return seal(descriptor, command, seals)

    monkeypatch.setattr(fcntl, "fcntl", unknown)
    arena = Arena()
    assert arena.put(1, [memoryview(b"sound")])
    with pytest.raises(PermissionError):
        os.ftruncate(arena.descriptor, 0)
    arena.close()


_READER = """
import sys
from polycue.engine.backends.processes.arena import Location, Place
pid, descriptor, name, size = sys.argv[1:]
view = Location(int(pid), int(descriptor), name).opened()
print(view and bytes(view.array(Place(0, int(size)))).decode())
"""


def read_by_another(location: Location) -> str:
    """What a process that was not given the arena finds in it."""
    given = [str(location.pid), str(location.descriptor), location.name, "5"]
    told = subprocess.run(
        [sys.executable, "-c", _READER, *given],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return told.stdout.strip()


def test_a_process_of_the_same_machine_sees_it_and_no_other_in_its_place() -> None:
    arena, other = Arena(), Arena()
    arena.put(1, [memoryview(b"sound")])
    location = view_of(arena).location
    assert read_by_another(location) == "sound"
    taken_for_it = Location(location.pid, other.descriptor, location.name)
    assert read_by_another(taken_for_it) == "None"
    for one in (arena, other):
        one.close()


def test_who_has_gone_has_no_arena() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert Location(gone.pid, 5, "/memfd:polycue-x (deleted)").opened() is None


def test_of_an_array_that_the_receiver_sees_only_the_place_travels() -> None:
    arena = Arena()
    view = view_of(arena)
    sound, elsewhere = np.arange(1_000, dtype=np.float32), np.arange(7)
    sent = Parcel.of(["sound", sound])
    places = arena.put(1, [one.data for one in sent.arrays if not isinstance(one, Place)])
    assert places
    arrived = Parcel.of(["sound", np.frombuffer(view.array(places[0]), np.float32), elsewhere])
    short = arrived.placed(view)
    assert short.arrays[0] == places[0]
    assert not isinstance(short.arrays[1], Place)  # of no arena
    for parcel in (arrived, short, short.placed(view)):
        told, heard, there = parcel.opened(view)
        assert told == "sound"
        np.testing.assert_array_equal(heard, sound)
        np.testing.assert_array_equal(there, elsewhere)
    with pytest.raises(LookupError):
        short.opened()
    arena.close()
