"""What a child has come to so far."""

from collections.abc import Iterable
from typing import Any

from polycue.engine.backends.supervised.child import Child
from polycue.engine.backends.supervised.work import Work
from polycue.engine.devices import Device


class Running:
    """A child, and what was done in it so far: the device chosen, models loaded, work done."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.device: Device | None = None
        self.loaded: dict[Work[Any], Any] = {}
        self.fruitful = False

    def has(self, needs: Iterable[Work[Any]]) -> bool:
        begun = self.child.alive and self.device is not None
        return begun and all(need in self.loaded for need in needs)
