"""How much of a device's memory the weights of models may take."""

import sys
from collections.abc import Sequence

from polycue.engine.devices import Device

# Of all there is. On a CPU the rest is for films at work, ffmpeg and whoever else is there; on a
# GPU for batches: those of large-v3 outgrow its weights.
_SHARE = {"cpu": 0.5, "cuda": 0.6}
_LEAST_BYTES = 2**29  # on a device that does not say how much it has, or has next to nothing


def budget(devices: Sequence[Device], asked_bytes: int = 0) -> int:
    """Bytes on each of a server's devices, which are alike: as asked, or a share of what it has.

    On a CPU they share one memory. Where those are on other machines and none was seen yet there
    is no limit: the first model finds out.
    """
    known = [device for device in devices if device.memory_bytes]
    first = (known or devices)[0]
    if first.place and not known:
        return asked_bytes or sys.maxsize
    sharing = len(devices) if first.kind == "cpu" else 1
    return asked_bytes or max(_LEAST_BYTES, int(first.memory_bytes * _SHARE[first.kind] / sharing))
