"""How much memory a device has, and how much of it models may take."""

import ctypes
import os
from pathlib import Path

# Of all there is. On a CPU the rest is for films at work, ffmpeg and whoever else is there; on a
# GPU for batches: those of large-v3 outgrow its weights.
_SHARE = {"cpu": 0.5, "cuda": 0.6}
_LEAST_BYTES = 2**29  # on a device that does not say how much it has, or has next to nothing

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def budget(kind: str, memory_bytes: int, asked_bytes: int = 0, sharing: int = 1) -> int:
    """Bytes for the weights on one device: as asked, or its share; so many share one memory."""
    return asked_bytes or max(_LEAST_BYTES, int(memory_bytes * _SHARE[kind] / sharing))


def memory_of(kind: str, index: int) -> int:
    """Bytes that a device has in all; 0 where it cannot be told."""
    return _of_machine() if kind == "cpu" else _of_gpu(index)


def _of_machine() -> int:
    """What the machine has, or the container may have (cgroup v2)."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _CGROUP.read_text("ascii").strip()
    except OSError:
        return there
    return there if limit == "max" else min(there, int(limit))


def _of_gpu(index: int) -> int:
    """As the driver has it. CUDA is begun in this process by asking."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        device, size = ctypes.c_int(), ctypes.c_size_t()
        failed = (
            driver.cuInit(0)
            or driver.cuDeviceGet(ctypes.byref(device), index)
            or driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        )
    except (OSError, AttributeError):
        return 0
    return 0 if failed else size.value
