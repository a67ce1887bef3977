"""Where models live, by the settings; the server's own process must never look at CUDA for it."""

import contextlib
from typing import Literal

import ctranslate2
import pytest

from polycue.app import host
from polycue.config import Settings
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.devices import has_cuda_driver

no_gpu = pytest.mark.skipif(
    ctranslate2.get_cuda_device_count() > 0, reason="there is a CUDA device here"
)


@pytest.fixture(autouse=True)
def no_cuda_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> int:
        raise AssertionError("CUDA was opened")

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", count)


@pytest.mark.parametrize(("engine", "name"), [("auto", "threads"), ("child", "child")])
def test_on_a_processor_models_live_in_threads_unless_a_child_is_asked_for(
    engine: Literal["auto", "child"], name: str
) -> None:
    with contextlib.closing(host.open_host(Settings(engine=engine, device="cpu"))) as opened:
        assert (opened.name, opened.device.kind) == (name, "cpu")
        assert opened.up()


@no_gpu
def test_a_gpu_is_looked_for_in_a_child_and_without_one_threads_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "has_cuda_driver", lambda: True)
    with contextlib.closing(host.open_host(Settings())) as opened:
        assert (opened.name, opened.device.kind) == ("threads", "cpu")
    assert "no GPU to use" in capsys.readouterr().out


@no_gpu
def test_a_gpu_that_must_be_there_and_is_not_keeps_the_server_from_starting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "has_cuda_driver", lambda: True)
    with pytest.raises(DeviceUnavailable, match="no NVIDIA device"):
        host.open_host(Settings(device="cuda"))


@no_gpu
@pytest.mark.skipif(has_cuda_driver(), reason="there is a CUDA driver here")
def test_without_a_driver_nothing_is_started_to_look_for_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(host, "Supervisor")
    with contextlib.closing(host.open_host(Settings())) as opened:
        assert opened.name == "threads"
