from hypothesis import given
from hypothesis import strategies as st

from polycue.engine.batching.room import Room


def test_what_the_memory_does_not_hold_is_halved_until_it_does() -> None:
    room = Room(16)
    room.failed(16)
    room.failed(16)  # another worker's, begun before
    assert room.rows == 8
    room.failed(5)
    assert room.rows == 2
    room.failed(1)
    assert room.rows == 1


def test_one_row_more_is_tried_after_many_full_batches_and_later_each_time_it_fails() -> None:
    def batches_until_more(room: Room) -> int:
        rows, batches = room.rows, 0
        while room.rows == rows:
            room.went_well(rows)
            batches += 1
        return batches

    room = Room(4)
    room.failed(4)
    first = batches_until_more(room)
    assert room.rows == 3
    room.failed(3)
    assert room.rows == 1
    assert batches_until_more(room) == 2 * first


def test_batches_that_were_not_full_prove_nothing() -> None:
    room = Room(4)
    room.failed(4)
    for _ in range(10_000):
        room.went_well(1)
    assert room.rows == 2


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=2000))
def test_there_is_always_room_for_one_and_never_for_more_than_the_most(
    events: list[tuple[bool, int]],
) -> None:
    room = Room(16)
    for well, rows in events:
        (room.went_well if well else room.failed)(rows)
        assert 1 <= room.rows <= 16
