"""What one device does for another, and how much of it at a time; the devices are fakes."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from polycue.domain.chunk import Recognised
from polycue.domain.errors import DeviceUnavailable, OutOfMemory
from polycue.domain.transcript import ChunkFacts
from polycue.engine.backends.supervised.recogniser import SupervisedBackend
from polycue.engine.backends.supervised.relief import Relieved
from polycue.engine.backends.supervised.work import Load, Loaded, ModelSpec
from polycue.engine.devices import Device
from polycue.speech.passage import Passage
from support.fragile import FACTS, passage

PATIENCE_S = 60.0


class OnDevice:
    """A backend that has room for so many rows at once."""

    facts, workers, max_rows = FACTS, 1, 8

    def __init__(self, device: str, holds: int = 8, *, up: bool = True) -> None:
        self.device, self.up, self._holds = device, up, holds
        self.batches: list[list[int]] = []

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        if not self.up:
            raise DeviceUnavailable(self.device, "it is gone")
        starts = [one.start_ms for one in batch]
        self.batches.append(starts)
        if len(batch) > self._holds:
            raise OutOfMemory(starts[0], "CUDA failed with error out of memory")
        facts = [ChunkFacts(start, start + 1_000, "en", -0.1, 0.0, 1.0, 0) for start in starts]
        return [Recognised((), one, 1.0) for one in facts]

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def close(self) -> None: ...


def relieved(own: OnDevice, other: OnDevice) -> Relieved:
    return Relieved(own, lambda: [other], mend=lambda: None)


def test_a_batch_that_another_device_has_no_room_for_is_split_there() -> None:
    own, other = OnDevice("cuda:0", up=False), OnDevice("cuda:1", holds=2)
    found = relieved(own, other).run([passage(n) for n in range(5)])
    assert [one.facts.start_ms for one in found] == [0, 1, 2, 3, 4]
    assert other.batches == [[0, 1, 2, 3, 4], [0, 1], [2, 3, 4], [2], [3, 4]]


def test_a_batch_that_its_own_device_has_no_room_for_teaches_the_batcher() -> None:
    own, other = OnDevice("cuda:0", holds=2), OnDevice("cuda:1")
    with pytest.raises(OutOfMemory):
        relieved(own, other).run([passage(n) for n in range(3)])
    assert not other.batches


def test_where_no_device_is_left_its_own_says_what_is_wrong() -> None:
    own, other = OnDevice("cuda:0", up=False), OnDevice("cuda:1", up=False)
    with pytest.raises(DeviceUnavailable, match="cuda:0"):
        relieved(own, other).run([passage(1)])


class Counting:
    """A supervisor whose child has two batches at once, or none ends."""

    def __init__(self) -> None:
        self._meeting, self._lock = threading.Barrier(2), threading.Lock()
        self._at_work = self.most = 0

    def want(self, load: Load) -> None: ...

    def run(self, work: object, **given: object) -> list[Recognised]:
        with self._lock:
            self._at_work += 1
            self.most = max(self.most, self._at_work)
        self._meeting.wait(PATIENCE_S)
        with self._lock:
            self._at_work -= 1
        return []


def test_a_child_has_no_more_batches_than_workers_whoever_brings_them() -> None:
    supervisor = Counting()
    load = Load(ModelSpec(Path("nowhere"), "m", Device("cuda", 1, "float16", 1, workers=2)))
    backend = SupervisedBackend(cast(Any, supervisor), load, Loaded(FACTS, max_rows=8, workers=2))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(backend.run, [passage(n)]) for n in range(8)]
        assert [call.result(PATIENCE_S) for call in calls] == [[]] * 8
    assert supervisor.most == 2
