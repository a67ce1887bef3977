"""How the C library keeps the memory that batches take and give back, many times a second."""

import ctypes
import os
from contextlib import suppress

# Of mallopt, in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_KEPT_BYTES = 2**30  # one matrix of a batch has up to 0.4 GB: the attention of two rows, large-v3
_WISHES = ("MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def keep() -> None:
    """Let what is given back stay with this process; to be called before threads are started.

    Else each large matrix is new memory, which the kernel has to clear, page by page: 60,000 to
    90,000 pages a row of ``tiny`` on a CPU, and a third of all the time that CTranslate2 takes.
    The heaps of threads cannot keep more than 64 MB, so there is one for all. Whoever set these
    things in the environment knows better.
    """
    if any(wish in os.environ for wish in _WISHES):
        return
    with suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


def trim() -> None:
    """Give the system what is free, as a model has gone."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
