import os
import re
import shutil
from pathlib import Path

import ctranslate2
import pytest

from polycue.domain.errors import DeviceUnavailable, ModelMissing
from polycue.engine.devices import Device, auto_model, choose, load_cublas, split, usable_cores

CPU, CUDA = Device("cpu", 0, "int8", 4), Device("cuda", 0, "float16", 4)

no_gpu = pytest.mark.skipif(
    ctranslate2.get_cuda_device_count() > 0, reason="there is a CUDA device here"
)


def test_the_processor_is_always_there_and_computes_in_int8() -> None:
    device = choose("cpu")
    assert (device.kind, device.index, device.compute_type) == ("cpu", 0, "int8")
    assert 1 <= device.threads <= 16
    assert 1 <= device.workers <= 8
    assert device.threads * device.workers <= usable_cores()


def test_what_is_asked_for_by_name_is_kept() -> None:
    asked = choose("cpu", "float32", threads=3, workers=5)
    assert asked == Device("cpu", 0, "float32", threads=3, workers=5)


@pytest.mark.parametrize(("cores", "asked", "threads", "workers"), [
    (1, (0, 0), 1, 1),
    (2, (0, 0), 1, 2),
    (16, (0, 0), 2, 8),
    (64, (0, 0), 8, 8),
    (200, (0, 1), 16, 1),
    (8, (4, 0), 4, 2),
    (2, (4, 0), 4, 1),
    (8, (0, 2), 4, 2),
    (2, (0, 6), 1, 6),
])  # fmt: skip
def test_the_cores_are_shared_among_workers_of_few_threads(
    cores: int, asked: tuple[int, int], threads: int, workers: int
) -> None:
    assert split(cores, "cpu", *asked) == (threads, workers)


def test_a_gpu_has_one_worker_unless_it_is_told() -> None:
    assert split(64, "cuda") == (16, 1)
    assert split(4, "cuda", workers=2) == (4, 2)


@no_gpu
def test_auto_falls_back_to_the_processor() -> None:
    assert choose("auto", index=2) == choose("cpu")


@no_gpu
def test_a_gpu_asked_for_by_name_must_be_there() -> None:
    with pytest.raises(DeviceUnavailable, match="no NVIDIA device"):
        choose("cuda")


@pytest.mark.gpu
@pytest.mark.skipif(ctranslate2.get_cuda_device_count() == 0, reason="there is no CUDA device here")
def test_auto_takes_the_gpu_and_halves_the_precision() -> None:
    assert choose("auto").kind == choose("cuda").kind == "cuda"
    assert choose("cuda").compute_type == "float16"
    with pytest.raises(DeviceUnavailable, match="no device 99"):
        choose("cuda", index=99)


@pytest.mark.parametrize(("device", "compute_type"), [("tpu", "auto"), ("cpu", "int3")])
def test_what_nobody_has_is_refused(device: str, compute_type: str) -> None:
    with pytest.raises(DeviceUnavailable):
        choose(device, compute_type)


@pytest.mark.parametrize(("device", "installed", "best"), [
    (CPU, ["demo-en", "large-v3-turbo", "small"], "small"),
    (CUDA, ["demo-en", "large-v3-turbo", "small"], "large-v3-turbo"),
    (CUDA, ["base", "tiny"], "base"),
    (CPU, ["demo-en", "our-own"], "our-own"),
    (CPU, ["medium.en", "demo-en", "our-own"], "our-own"),
    (CPU, ["demo-en", "small.en"], "small.en"),
    (CPU, ["demo-en"], "demo-en"),
])  # fmt: skip
def test_the_best_installed_model_is_taken_and_a_demo_model_last(
    device: Device, installed: list[str], best: str
) -> None:
    assert auto_model(device, installed) == best


def test_without_any_model_the_command_that_gets_one_is_named() -> None:
    with pytest.raises(ModelMissing, match="polycue models pull small"):
        auto_model(CPU, [])
    with pytest.raises(ModelMissing, match="polycue models pull large-v3-turbo"):
        auto_model(CUDA, [])


def test_cublas_is_loaded_from_its_folder_in_the_order_it_needs(tmp_path: Path) -> None:
    loaded = re.search(r"/\S*/libm\.so\S*", Path("/proc/self/maps").read_text())
    assert loaded is not None  # any library that harms nobody when it is loaded twice
    shutil.copy(loaded[0], tmp_path / "libcublasLt.so.12")
    assert "libcublas.so.12" in load_cublas(tmp_path)
    assert "polycue[cuda]" in load_cublas(tmp_path)
    shutil.copy(loaded[0], tmp_path / "libcublas.so.12")
    assert load_cublas(tmp_path) == ""


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
