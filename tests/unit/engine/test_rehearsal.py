"""How large a batch is made, on a device whose memory and speed are known."""

import threading
from dataclasses import dataclass, field

import pytest

from polycue.domain.errors import DeviceUnavailable, OutOfMemory, RecognitionFailed
from polycue.engine.backends.rehearsal import made_ready
from polycue.engine.devices import Device

GPU, CPU = Device("cuda", 0, "float16", 1), Device("cpu", 0, "int8", 1)


@dataclass
class Roomy:
    """A model on a device that holds so many rows, and gains nothing by more than others.

    Its clock goes on with the work that it did.
    """

    holds: int = 1_000
    gains_until: int = 1_000
    workers: int = 1
    now_s: float = 0.0
    asked: list[tuple[int, int]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rehearse(self, rows: int, tokens: int) -> int:
        with self._lock:
            self.asked.append((rows, tokens))
            if rows * self.workers > self.holds:
                raise OutOfMemory(0, "CUDA failed with error out of memory")
            self.now_s += max(1.0, rows / self.gains_until) / self.workers
        return rows * tokens

    def clock(self) -> float:
        return self.now_s


def rows(model: Roomy, device: Device = GPU) -> int:
    return made_ready(model, device, clock=model.clock)


@pytest.mark.parametrize(("holds", "found"), [(1, 1), (5, 4), (16, 16), (33, 32), (500, 64)])
def test_rows_are_doubled_until_the_memory_ends(holds: int, found: int) -> None:
    model = Roomy(holds)
    assert rows(model) == found
    assert model.asked[0] == (1, 2)  # warmed up, which is not timed
    assert {tokens for _, tokens in model.asked[1:]} == {224}  # the longest that a text can be


def test_rows_are_not_doubled_where_that_does_no_more_in_the_same_time() -> None:
    assert rows(Roomy(gains_until=16)) == 16
    assert rows(Roomy(gains_until=1)) == 1


def test_workers_share_the_memory() -> None:
    model = Roomy(holds=16, workers=2)
    assert rows(model) == 8
    assert model.asked[:2] == [(1, 2), (1, 2)]


def test_a_device_that_holds_a_model_and_no_batch_of_it_does_not_hold_it() -> None:
    with pytest.raises(DeviceUnavailable, match="out of memory"):
        rows(Roomy(holds=0))


@pytest.mark.parametrize("breaks_at", [1, 2, 4])
def test_a_device_that_cannot_run_a_model_says_why_whenever_that_shows(breaks_at: int) -> None:
    class Broken(Roomy):
        def rehearse(self, rows: int, tokens: int) -> int:
            if rows >= breaks_at:
                raise RecognitionFailed(0, "no kernel image is available")
            return super().rehearse(rows, tokens)

    with pytest.raises(DeviceUnavailable, match="no kernel image"):
        rows(Broken())


def test_rows_that_were_asked_for_are_taken_as_they_are() -> None:
    model = Roomy(holds=2)
    assert rows(model, Device("cuda", 0, "float16", 1, rows=16)) == 16
    assert len(model.asked) == 1
    assert rows(model, Device("cpu", 0, "int8", 1, rows=3)) == 3


def test_a_cpu_has_small_batches_and_is_not_kept_waiting_for_them() -> None:
    model = Roomy()
    assert rows(model, CPU) == 2
    assert not model.asked
