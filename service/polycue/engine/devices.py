"""Where models run: what is there, what it can do, and the libraries it needs."""

import ctypes
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import ctranslate2

from polycue.domain.errors import DeviceUnavailable, ModelMissing
from polycue.engine.memory import memory_of

Kind = Literal["cpu", "cuda"]

# float16 is the weights' own precision and what tensor cores are made for. On x86 there is no
# arithmetic in it: CTranslate2 would widen to float32, where int8 is about twice as fast.
_COMPUTE_TYPE: dict[Kind, str] = {"cuda": "float16", "cpu": "int8"}

# A row gains nothing from a second thread, and a second worker doubles what is done
# (docs/settings.md has the table); each holds its own caches, so beyond some they go to threads.
_MAX_WORKERS = 8
_MAX_THREADS = 16  # more do not speed up a decoder that waits for memory

_CUBLAS = ("libcublasLt.so.12", "libcublas.so.12")  # the second needs the first

_MODELS: dict[Kind, tuple[str, ...]] = {
    "cuda": ("large-v3-turbo", "large-v3", "medium", "small", "base", "tiny"),
    "cpu": ("small", "base", "medium", "tiny", "large-v3-turbo", "large-v3"),
}


# Lines a second of a 6+6x512 translator on two cores, a worker each: 104 with 64 tokens a call, 133
# with 128, 163 with 256, 169 with 512 and no more with 1024. A GPU has room for more; not measured.
_CALL_TOKENS: dict[Kind, int] = {"cpu": 512, "cuda": 4096}


@dataclass(frozen=True, slots=True)
class Device:
    """A place for models. Each runs so many calls side by side as there are ``workers``.

    They share its weights. ``threads`` are those of one worker on the CPU. ``memory_bytes`` is all
    memory that it has, 0 where that is not known. A batch has so many ``rows``; 0 finds it out.
    ``place`` names one that is on another machine, by what it is to this one.
    """

    kind: Kind
    index: int
    compute_type: str
    threads: int
    workers: int = 1
    memory_bytes: int = field(default=0, compare=False)
    rows: int = 0
    place: str = ""

    @property
    def label(self) -> str:
        """For people and metrics: ``cpu``, ``cuda:0``, ``ray:0``."""
        if self.place:
            return self.place
        return "cpu" if (self.kind, self.index) == ("cpu", 0) else f"{self.kind}:{self.index}"

    @property
    def ordinal(self) -> int:
        """CTranslate2's number for it: to that a CPU is one device, however many share it."""
        return self.index if self.kind == "cuda" else 0


def choose(
    device: str,
    compute_type: str = "auto",
    index: int = 0,
    threads: int = 0,
    workers: int = 0,
    rows: int = 0,
    sharing: int = 1,
) -> Device:
    """The device to use for ``device``, "auto", "cpu" or "cuda"; "auto" takes CUDA where it works.

    ``compute_type`` "auto" means the best for the device; ``workers`` and ``threads`` 0 as many as
    keep all cores busy once, and one worker on a GPU. So many are ``sharing`` a CPU, which has no
    numbers of its own: by theirs they are told apart.

    Raises:
        DeviceUnavailable: CUDA was asked for by name, or the compute type, and cannot be used.
    """
    if device not in {"auto", "cpu", "cuda"}:
        raise DeviceUnavailable(device, "there are auto, cpu and cuda")
    problem = "" if device == "cpu" else _cuda_problem(index)
    if device == "cuda" and problem:
        raise DeviceUnavailable(device, problem)
    kind: Kind = "cpu" if device == "cpu" or problem else "cuda"
    index = index if kind == device or kind == "cuda" else 0
    offered = ctranslate2.get_supported_compute_types(kind, index if kind == "cuda" else 0)
    wanted = compute_type_of(kind, compute_type)
    if wanted not in offered | {"default", "auto"}:
        raise DeviceUnavailable(
            kind, f"it does not compute in {wanted}, only in {', '.join(sorted(offered))}"
        )
    threads, workers = split(max(1, usable_cores() // sharing), kind, threads, workers)
    return Device(kind, index, wanted, threads, workers, memory_of(kind, index), rows)


def compute_type_of(kind: Kind, compute_type: str) -> str:
    """What "auto" means on a device."""
    return _COMPUTE_TYPE[kind] if compute_type == "auto" else compute_type


def split(cores: int, kind: Kind, threads: int = 0, workers: int = 0) -> tuple[int, int]:
    """Threads of each worker, and workers: as asked for, and where that is 0 as the cores allow."""
    if kind == "cuda":
        return threads or min(cores, _MAX_THREADS), workers or 1
    workers = workers or max(1, min(cores // max(threads, 1), _MAX_WORKERS))
    return threads or max(1, min(cores // workers, _MAX_THREADS)), workers


def call_tokens(device: Device) -> int:
    """How many tokens, padding included, make a call to a translator that uses the device well."""
    return _CALL_TOKENS[device.kind]


def auto_model(device: Device, installed: Sequence[str]) -> str:
    """The best of the installed Whisper models for the device; a demo model if there is no other.

    Raises:
        ModelMissing: none is installed.
    """
    preferred = _MODELS[device.kind]
    for name in preferred:
        if name in installed:
            return name
    if not installed:
        raise ModelMissing(preferred[0], f"polycue models pull {preferred[0]}")
    return min(installed, key=lambda name: (name.startswith("demo-"), name.endswith(".en"), name))


def count(device: str) -> int:
    """How many devices of a kind, "cpu" or "cuda", there are."""
    if device != "cuda":
        return 1
    try:
        return ctranslate2.get_cuda_device_count() if has_cuda_driver() else 0
    except RuntimeError:  # a driver that is there and broken
        return 0


def usable_cores() -> int:
    """Cores this process may keep busy: its affinity, and a container's quota (cgroup v2)."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))


def _cuda_problem(index: int) -> str:
    """Why CUDA cannot be used, or "" when it can; its libraries are loaded then."""
    try:
        count = ctranslate2.get_cuda_device_count() if has_cuda_driver() else 0
    except RuntimeError as error:  # a driver that is there and broken
        return str(error)
    if count == 0:
        return "there is no NVIDIA device, or no driver for it"
    if not 0 <= index < count:
        return f"there is no device {index}, only {count} counted from 0"
    return load_cublas(_wheel_folder())


def has_cuda_driver() -> bool:
    """Whether there may be a GPU at all; nothing of CUDA is begun by asking."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def load_cublas(folder: Path | None) -> str:
    """Load cuBLAS 12 for good, from ``folder`` if given, and say what is wrong, or "".

    CTranslate2 opens it by its bare name at the first use of a GPU. In a wheel it is on no search
    path, and setting LD_LIBRARY_PATH in a running process is too late; once it is loaded by its
    path, the bare name finds it.
    """
    try:
        for library in _CUBLAS:
            ctypes.CDLL(str(folder / library) if folder else library, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        return f"{error}; get it with: pip install 'polycue[cuda]'"
    return ""


def _wheel_folder() -> Path | None:
    """Where nvidia-cublas-cu12 has its libraries; None where the wheel is not installed."""
    try:
        package = importlib.util.find_spec("nvidia.cublas")
    except ModuleNotFoundError:
        return None
    folders = [
        Path(place) / "lib" for place in (package and package.submodule_search_locations) or ()
    ]
    return next((folder for folder in folders if (folder / _CUBLAS[-1]).is_file()), None)
