from pathlib import Path

import pytest

from polycue import metrics
from polycue.domain.caller import Caller, Urgency
from polycue.domain.errors import ModelMissing
from polycue.engine.batch_done import BatchDone, Queued, Served
from polycue.engine.counting import count, gone, show_queues
from polycue.engine.shelf import Shelf

LIVE, LATER = Caller("films", "clip", Urgency.LIVE), Caller("news", "job", Urgency.BATCH)


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"polycue_{name}", labels) or 0.0


def test_a_batch_is_counted_with_its_rows_by_urgency_and_never_by_whom() -> None:
    count(
        BatchDone(
            *("tiny", "test:1", 3),
            rows=(
                Served(LIVE, 0.5, 2.0, tokens=40, audio_ms=3000, again=False),
                Served(LATER, 7.0, 9.0, tokens=60, audio_ms=30_000, again=False),
                Served(LATER, 8.0, 9.0, tokens=9, audio_ms=30_000, again=True),
            ),
            max_rows=4,
            took_s=1.5,
            failed=False,
        )
    )
    assert counted("batches_total", device="test:1", outcome="done") == 1
    assert counted("batch_fill_sum", device="test:1") == 0.75
    assert counted("device_busy_seconds_total", device="test:1", worker="3") == 1.5
    assert counted("rows_total", **{"device": "test:1", "try": "first"}) == 2
    assert counted("rows_total", **{"device": "test:1", "try": "again"}) == 1
    assert counted("tokens_total", device="test:1") == 109
    for family in metrics.REGISTRY.collect():
        if family.name.startswith(("polycue_batch", "polycue_row", "polycue_device")):
            for sample in family.samples:
                own = {key: value for key, value in sample.labels.items() if key != "le"}
                assert own.keys() <= {"device", "worker", "urgency", "try", "outcome"}
                assert not {"films", "news", "clip", "job"} & set(own.values())


def test_waits_are_counted_apart_for_those_who_wait_and_those_who_can() -> None:
    before = {u: counted("row_wait_seconds_sum", urgency=u) for u in ("live", "batch")}
    rows = (
        Served(LIVE, 0.25, 2.0, tokens=0, audio_ms=0, again=False),
        Served(LATER, 7.0, 9.0, tokens=0, audio_ms=0, again=False),
    )
    count(BatchDone("tiny", "test:1", 0, rows, max_rows=2, took_s=1, failed=False))
    after = {u: counted("row_wait_seconds_sum", urgency=u) for u in ("live", "batch")}
    assert (after["live"] - before["live"], after["batch"] - before["batch"]) == (0.25, 7.0)


def test_a_batch_that_failed_kept_its_device_busy_and_its_rows_count_when_they_come_again() -> None:
    row = Served(LATER, 7.0, 9.0, tokens=0, audio_ms=30_000, again=False)
    count(BatchDone("tiny", "test:2", 0, (row, row), max_rows=2, took_s=2.0, failed=True))
    assert counted("batches_total", device="test:2", outcome="failed") == 1
    assert counted("device_busy_seconds_total", device="test:2", worker="0") == 2.0
    assert counted("rows_total", **{"device": "test:2", "try": "first"}) == 0
    assert counted("batch_fill_count", device="test:2") == 0


def test_a_device_that_has_left_is_not_told_of_as_one_that_is_down_or_idle() -> None:
    row = Served(LATER, 7.0, 9.0, tokens=0, audio_ms=30_000, again=False)
    for device in ("test:3", "test:4"):
        metrics.ENGINE_UP.labels(device).set(1)
        count(BatchDone("tiny", device, 0, (row,), max_rows=2, took_s=2.0, failed=False))
    gone("test:3")
    gone("test:5")  # which never was there
    left = {
        sample.labels["device"]
        for family in (metrics.ENGINE_UP, metrics.DEVICE_BUSY)
        for found in family.collect()
        for sample in found.samples
    }
    assert "test:4" in left
    assert "test:3" not in left


def test_what_waits_is_seen_as_it_is_when_somebody_looks() -> None:
    queues = [
        Queued({Urgency.LIVE: 2, Urgency.BATCH: 9}, again=1, running=2, oldest_s=3.5, bytes=10**6),
        Queued({Urgency.BATCH: 1}, again=0, running=1, oldest_s=7.0, bytes=10),
    ]
    show_queues(lambda: queues)
    try:
        assert counted("rows_waiting", urgency="live") == 2
        assert counted("rows_waiting", urgency="batch") == 10
        assert counted("rows_waiting_again") == 1
        assert counted("oldest_row_seconds") == 7.0
        assert counted("rows_bytes") == 1_000_010
        assert counted("batches_running") == 3
        queues.clear()
        assert counted("rows_waiting", urgency="batch") == counted("oldest_row_seconds") == 0
    finally:
        show_queues(list)


def test_models_that_come_and_go_are_counted_with_why() -> None:
    def gone(reason: str) -> float:
        return counted("models_let_go_total", reason=reason)

    before = counted("models_loaded"), counted("models_bytes"), gone("room"), gone("stop")
    failed = counted("model_loads_total", outcome="failed")
    shelf = Shelf(10)
    for name in ("one", "two"):
        with shelf.use(Path(name), lambda: 6, Model):
            assert counted("models_loaded") == before[0] + 1
            assert counted("models_bytes") == before[1] + 6
    with pytest.raises(ModelMissing), shelf.use(Path("three"), lambda: 1, fails):
        pass
    shelf.close()
    after = counted("models_loaded"), counted("models_bytes"), gone("room"), gone("stop")
    assert after == (before[0], before[1], before[2] + 1, before[3] + 1)
    assert counted("model_loads_total", outcome="failed") == failed + 1


class Model:
    def close(self) -> None: ...


def fails() -> Model:
    raise ModelMissing("three", "polycue models pull three")
