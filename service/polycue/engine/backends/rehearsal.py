"""A loaded recogniser made fit for its first caller: warmed up, and its batches sized."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from polycue import telemetry
from polycue.domain.errors import DeviceUnavailable, OutOfMemory, RecognitionFailed
from polycue.engine.devices import Device

# On a CPU with a worker for each core 2 rows do a sixth more than one, and 4 a twelfth more than 2
# (docs/settings.md); who is live waits for a batch, and 2 end a film sooner. A GPU is asked; a
# batch ends with its longest row, and is what a live caller waits for, so more than these are not
# worth it however much memory there is.
CPU_ROWS = 2
_MOST_ROWS = 64
_WORTH = 1.1  # what twice the rows must at least do in the same time

# CTranslate2 has kernels for GPUs up to 8.6; newer ones compile them at their first use, which the
# first caller should not wait for, nor be taken for hung by (reference: performance, 2.5).
_WARM_UP_TOKENS = 2
_LONGEST_TOKENS = 224  # what a row may take: all that Whisper writes of one chunk

log = telemetry.logger(__name__)


class Rehearses(Protocol):
    """A recogniser that can do a batch of nothing."""

    @property
    def workers(self) -> int: ...

    def rehearse(self, rows: int, tokens: int) -> int:
        """Do what so many rows of so many tokens take; how many were written.

        Raises:
            OutOfMemory: the device does not hold them.
        """
        ...


def made_ready(
    model: Rehearses, device: Device, *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Warm the model up on a GPU, and find how many rows its batches should have.

    Raises:
        DeviceUnavailable: the device holds the model, and no batch of it.
    """
    if device.kind == "cpu":  # a first batch takes what a third does, within a few milliseconds
        return device.rows or CPU_ROWS
    try:
        _by_all(model, 1, _WARM_UP_TOKENS)
        return device.rows or _sized(model, device, clock)
    except RecognitionFailed as error:
        raise DeviceUnavailable(device.label, error.reason) from error


def _sized(model: Rehearses, device: Device, clock: Callable[[], float]) -> int:
    """The last number of rows, doubled each time, that fitted and did more in the same time.

    All workers have it at once, each row as long as one can be.

    Raises:
        OutOfMemory: not even one fitted.
    """
    found, best, ended_by = 0, 0.0, "limit"
    rows = 1
    while rows <= _MOST_ROWS:
        began_s = clock()
        try:
            _by_all(model, rows, _LONGEST_TOKENS)
        except OutOfMemory:
            if not found:
                raise
            ended_by = "memory"
            break
        rate = rows * model.workers / max(clock() - began_s, 1e-9)
        if rate < _WORTH * best:
            ended_by = "no gain"
            break
        found, best, rows = rows, rate, rows * 2
    log.info(
        "batches are sized",
        device=device.label, rows=found, rows_a_second=round(best, 1), ended_by=ended_by,
    )  # fmt: skip
    return found


def _by_all(model: Rehearses, rows: int, tokens: int) -> None:
    """By each of its workers at the same time."""
    with ThreadPoolExecutor(model.workers, "rehearsal") as pool:
        for done in [pool.submit(model.rehearse, rows, tokens) for _ in range(model.workers)]:
            done.result()
