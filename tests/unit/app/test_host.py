"""Which devices a server takes of those that are there; the devices are fakes."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from polycue.app.host import _environment, _first, _others
from polycue.config import Settings
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.backends.supervised.work import Count


class Started:
    """A device that could be used."""

    def __init__(self, kind: str, index: int, gpus: int) -> None:
        self.device = SimpleNamespace(kind=kind, index=index)
        self._gpus, self.closed = gpus, False

    def ask(self, work: Count) -> int:
        return self._gpus if work == Count("cuda") else 1

    def close(self) -> None:
        self.closed = True


class Machine:
    """Has so many GPUs, of which some are out of order."""

    def __init__(self, count: int, broken: tuple[int, ...] = ()) -> None:
        self._count, self._broken = count, broken
        self.started: list[Started] = []

    def devices(self, wish: str, device: str = "cuda") -> list[str]:
        """What a server takes, by its settings."""
        settings = Settings(device=device, device_index=wish)  # type: ignore[arg-type]
        named = [0] if wish == "all" else [int(index) for index in wish.split(",")]
        first = _first(settings, named[0], cast(Any, self._start), lambda: self._count)
        others = _others(settings, first, named[1:], cast(Any, self._start))
        return [f"{one.device.kind}:{one.device.index}" for one in (first, *others)]

    @property
    def open(self) -> list[str]:
        return [f"{s.device.kind}:{s.device.index}" for s in self.started if not s.closed]

    def _start(self, kind: str, index: int) -> Started:
        works = index < self._count and index not in self._broken
        if kind == "cuda" and not works:
            raise DeviceUnavailable(f"cuda:{index}", "it is out of order")
        found = "cuda" if works and kind != "cpu" else "cpu"
        self.started.append(Started(found, index if found == "cuda" else 0, self._count))
        return self.started[-1]


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_those_that_were_named_are_taken_and_no_others(device: str) -> None:
    assert Machine(4).devices("0,2,3", device) == ["cuda:0", "cuda:2", "cuda:3"]
    assert Machine(4).devices("3", device) == ["cuda:3"]


@pytest.mark.parametrize("device", ["auto", "cuda"])
@pytest.mark.parametrize("broken", [(), (2,), (0,), (0, 1), (0, 3)])
def test_all_are_those_that_work(broken: tuple[int, ...], device: str) -> None:
    machine = Machine(4, broken)
    expected = [f"cuda:{index}" for index in range(4) if index not in broken]
    assert machine.devices("all", device) == expected
    assert sorted(machine.open) == expected


def test_where_no_gpu_works_all_is_the_cpu_unless_cuda_was_asked_for() -> None:
    for machine in (Machine(0), Machine(2, broken=(0, 1))):
        assert machine.devices("all", "auto") == ["cpu:0"]
        with pytest.raises(DeviceUnavailable, match="cuda:0"):
            machine.devices("all", "cuda")


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_one_that_was_named_and_is_out_of_order_keeps_the_server_from_starting(
    device: str,
) -> None:
    machine = Machine(3, broken=(2,))
    with pytest.raises(DeviceUnavailable, match="cuda:2"):
        machine.devices("0,1,2", device)
    assert [one.closed for one in machine.started[1:]] == [True]


def test_compiled_kernels_are_kept_in_the_data_folder() -> None:
    assert _environment(Settings(data_dir=Path("/data"))) == {"CUDA_CACHE_PATH": "/data/cuda"}
