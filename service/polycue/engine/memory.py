"""How much memory a device has."""

import ctypes
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup/memory.max")


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
