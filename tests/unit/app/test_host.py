"""Which devices a server takes of those that are there; the devices are fakes."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from polycue.app.host import _environment, _others
from polycue.config import Settings
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.backends.processes.work import Count


class Started:
    """A device that could be used."""

    def __init__(self, index: int) -> None:
        self.index, self.closed = index, False

    def close(self) -> None:
        self.closed = True


class Machine:
    """Has so many devices, of which some are out of order."""

    def __init__(self, count: int, broken: tuple[int, ...] = ()) -> None:
        self._count, self._broken = count, broken
        self.started: list[Started] = []

    def others(self, wish: str) -> list[int]:
        settings = Settings(device="cuda", device_index=wish)
        named = [] if wish == "all" else [int(index) for index in wish.split(",")][1:]
        first = SimpleNamespace(device=SimpleNamespace(kind="cuda"), ask=self._ask)
        found = _others(settings, cast(Any, first), named, cast(Any, self._start))
        return [cast(Any, one).index for one in found]

    def _ask(self, work: Count) -> int:
        assert work == Count("cuda")
        return self._count

    def _start(self, index: int) -> Started:
        if index in self._broken or index >= self._count:
            raise DeviceUnavailable(f"cuda:{index}", "it is out of order")
        self.started.append(Started(index))
        return self.started[-1]


def test_those_that_were_named_are_taken_and_no_others() -> None:
    assert Machine(4).others("0,2,3") == [2, 3]
    assert Machine(4).others("3") == []


def test_all_are_those_that_work() -> None:
    assert Machine(4).others("all") == [1, 2, 3]
    assert Machine(4, broken=(2,)).others("all") == [1, 3]
    assert Machine(1).others("all") == []


def test_one_that_was_named_and_is_out_of_order_keeps_the_server_from_starting() -> None:
    machine = Machine(3, broken=(2,))
    with pytest.raises(DeviceUnavailable, match="cuda:2"):
        machine.others("0,1,2")
    assert [one.closed for one in machine.started] == [True]


def test_compiled_kernels_are_kept_in_the_data_folder() -> None:
    assert _environment(Settings(data_dir=Path("/data"))) == {"CUDA_CACHE_PATH": "/data/cuda"}
