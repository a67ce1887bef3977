"""When a batch begins and how large it is, on an imaginary device whose clock only events move."""

from collections.abc import Sequence

import pytest

from polycue.domain.caller import Caller, Urgency
from polycue.engine.batching.slots import Order
from polycue.testing.rota import Asked, Rota

FILM, OTHER = Caller("a", "film"), Caller("b", "film")
CLIP = Caller("c", "clip", Urgency.LIVE)
BATCH_S = 1.0


def row(caller: Caller = FILM, *, again: bool = False, speech_ms: int = 30_000) -> Order:
    return Order(caller, "k", speech_ms, speech_ms, 960_000, again)


def run(asked: Sequence[Asked], *, max_rows: int = 4, workers: int = 1) -> list[tuple[float, int]]:
    """When each batch began, and how many rows it had."""
    rota = Rota(lambda orders: BATCH_S, max_rows=max_rows, workers=workers)
    rota.ask(*asked)
    rota.run()
    return [(batch.begun_s, len(batch.slots)) for batch in rota.batches]


def test_an_idle_worker_lingers_for_what_its_caller_is_making() -> None:
    soon = [Asked(0, row(), making_s) for making_s in (0, 0.005, 0.010, 0.015)]
    assert run(soon) == [(0.015, 4)]  # and not once the batch is full
    later = [Asked(0, row()), Asked(0, row(), 0.015), Asked(0, row(), 0.5)]
    begun_s, rows = zip(*run(later), strict=True)
    assert begun_s == pytest.approx((0.020, 1.020))
    assert rows == (2, 1)


def test_nobody_lingers_without_hope_or_for_live_callers_or_for_what_others_would_take() -> None:
    assert run([Asked(0, row())]) == [(0, 1)]
    assert run([Asked(0, row()), Asked(0, row(OTHER), 0.010)])[0] == (0, 1)
    assert run([Asked(0, row(CLIP)), Asked(0, row(CLIP), 0.010)])[0] == (0, 1)
    assert run([Asked(0, row(again=True)), Asked(0, row(), 0.010)])[0] == (0, 1)
    assert run([Asked(0, row()), Asked(0, row(), 0.010)], workers=2) == [(0, 1), (0.010, 1)]


def test_a_live_caller_ends_the_lingering() -> None:
    asked = [Asked(0, row()), Asked(0, row(), 0.5), Asked(0.010, row(CLIP))]
    assert run(asked)[0] == (0.010, 2)


def test_who_was_busy_takes_at_once_what_has_gathered() -> None:
    asked = [Asked(0, row()), Asked(0.5, row()), Asked(0.5, row(), 0.505)]
    assert run(asked) == [(0, 1), (BATCH_S, 1), (2 * BATCH_S, 1)]


def test_idle_workers_share_what_is_there() -> None:
    assert run([Asked(0, row()) for _ in range(3)], workers=2) == [(0, 2), (0, 1)]
    assert run([Asked(0, row()) for _ in range(12)], workers=3) == [(0, 4)] * 3


def test_the_last_rows_of_a_film_end_on_all_workers_at_once() -> None:
    # Twelve chunks on two workers: the first two come alone, so full batches would leave the last
    # pair to one worker, while the other has nothing to do for as long as that takes.
    first, *rest = [Asked(0, row()), *[Asked(0.1, row()) for _ in range(11)]]
    by_rows = Rota(lambda orders: BATCH_S * len(orders), max_rows=2, workers=2)
    by_rows.ask(first, *rest)
    by_rows.run()
    ended_s = sorted(batch.begun_s + BATCH_S * len(batch.slots) for batch in by_rows.batches)
    assert ended_s[-1] - ended_s[-2] <= BATCH_S * 0.2


def test_batches_of_films_are_half_as_large_for_as_long_as_live_callers_are_around() -> None:
    asked = [Asked(0, row()) for _ in range(60)] + [Asked(0.5, row(CLIP))]
    sizes = run(asked)
    assert sizes[0] == (0, 4)
    assert sizes[1] == (1, 2)  # the clip, and a row of the film that rides along
    assert [rows for begun_s, rows in sizes if 2 <= begun_s < 12] == [2] * 10
    assert [rows for begun_s, rows in sizes if begun_s >= 12] == [4] * 8 + [3]


def test_a_live_caller_alone_has_whole_batches() -> None:
    assert run([Asked(0, row(CLIP)) for _ in range(8)]) == [(0, 4), (1, 4)]


def test_with_a_clip_rides_nothing_that_would_make_it_last_longer() -> None:
    clip = Asked(0.5, row(CLIP, speech_ms=10_000))
    assert run([*[Asked(0, row())] * 5, clip])[1] == (1, 1)
    assert run([*[Asked(0, row(speech_ms=9_000))] * 5, clip])[1] == (1, 2)
