"""What the child's program does with models, the real ones aside."""

from pathlib import Path

import pytest

import polycue.engine.backends.supervised.models as device_models
from polycue.domain.chunk import ModelFacts
from polycue.engine.backends.supervised.work import Load, ModelSpec
from polycue.engine.devices import Device

FACTS = ModelFacts("m", ("en",), 30_000, translates=True, demo=False)
CPU = Device("cpu", 0, "int8", 1)


class Opened:
    """Stands for a loaded model."""

    closed = False

    def __init__(self, device: Device) -> None:
        self.device = device

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """All models, in the order in which they were opened."""
    models: list[Opened] = []

    class Backend:
        @staticmethod
        def open(path: Path, name: str, device: Device) -> Opened:
            models.append(Opened(device))
            return models[-1]

    monkeypatch.setattr(device_models, "ThreadBackend", Backend)
    return models


def spec(device: Device, name: str = "m") -> ModelSpec:
    return ModelSpec(Path("nowhere"), name, device)


def test_a_model_that_was_sized_before_is_not_sized_again(opened: list[Opened]) -> None:
    held = device_models.DeviceModels()
    sized = Load(spec(CPU)).sized(48)
    assert held.recogniser(sized.spec) is held.recogniser(spec(CPU))
    assert [one.device.rows for one in opened] == [48]


def test_a_forgotten_model_is_freed_and_loaded_anew(opened: list[Opened]) -> None:
    held = device_models.DeviceModels()
    held.recogniser(spec(CPU))
    held.forget(spec(CPU))
    held.forget(spec(CPU))
    held.recogniser(spec(CPU))
    assert [one.closed for one in opened] == [True, False]
