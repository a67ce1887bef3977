"""What the child's program does with models, the real ones aside."""

from pathlib import Path
from typing import Any

import pytest

from polycue.domain.chunk import ModelFacts
from polycue.domain.errors import DeviceUnavailable, OutOfMemory
from polycue.engine.backends.processes import child
from polycue.engine.backends.processes.work import ModelSpec
from polycue.engine.devices import Device

FACTS = ModelFacts("m", ("en",), 30_000, translates=True, demo=False)
GPU, CPU = Device("cuda", 0, "float16", 1), Device("cpu", 0, "int8", 1)


class Opened:
    """Stands for a loaded model; ``lacking`` makes its first batch fail."""

    lacking = False
    facts = FACTS

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.closed = False

    def run(self, batch: list[Any]) -> None:
        self.batches.append(len(batch))
        if self.lacking:
            raise OutOfMemory(0, "CUDA failed with error out of memory")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """All models, in the order in which they were opened."""
    models: list[Opened] = []

    class Backend:
        @staticmethod
        def open(path: Path, name: str, device: Device) -> Opened:
            models.append(Opened())
            return models[-1]

    monkeypatch.setattr(child, "ThreadBackend", Backend)
    return models


def spec(device: Device, name: str = "m") -> ModelSpec:
    return ModelSpec(Path("nowhere"), name, device)


def test_on_a_gpu_a_model_has_heard_a_batch_before_its_first_caller(opened: list[Opened]) -> None:
    models = child.DeviceModels()
    for _ in range(2):
        models.recogniser(spec(GPU))
        models.recogniser(spec(CPU))
    assert [one.batches for one in opened] == [[1], []]


def test_a_gpu_that_holds_a_model_and_no_batch_of_it_does_not_hold_it(
    opened: list[Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Opened, "lacking", True)
    models = child.DeviceModels()
    with pytest.raises(DeviceUnavailable, match="out of memory"):
        models.recogniser(spec(GPU))
    assert [one.closed for one in opened] == [True]


def test_a_forgotten_model_is_freed_and_loaded_anew(opened: list[Opened]) -> None:
    models = child.DeviceModels()
    models.recogniser(spec(CPU))
    models.forget(spec(CPU))
    models.forget(spec(CPU))
    models.recogniser(spec(CPU))
    assert [one.closed for one in opened] == [True, False]
