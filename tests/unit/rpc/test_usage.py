from polycue.api.v1 import engine_pb2
from polycue.domain.usage import NOT_USED, EngineUsage
from polycue.rpc.convert.usage import usage


def test_work_that_has_not_begun_has_no_usage() -> None:
    assert usage(NOT_USED) is None


def test_work_that_heard_nothing_has_its_time_and_no_share_of_what_others_had() -> None:
    beside_others = usage(EngineUsage(wall_ms=1_500, engine_ms=9_000))
    expected = engine_pb2.EngineUsage()
    expected.wall_duration.FromMilliseconds(1_500)
    assert beside_others == expected


def test_work_that_was_heard_has_its_share() -> None:
    heard = EngineUsage(
        wall_ms=1_500, device_ms=300, engine_ms=1_200, batches=1, filled=2, room=4, rows=2
    )
    found = usage(heard)
    assert found is not None
    assert (found.device_share, found.batch_fill, found.chunk_count) == (0.25, 0.5, 2)
