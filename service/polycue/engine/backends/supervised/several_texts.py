"""Translation models on several devices: each call goes where the fewest are at work."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import TextModels
from polycue.translation.packages import Package


class ReplaceableTexts(TextModels, Protocol):
    @property
    def up(self) -> bool:
        """Whether the device can be used now."""
        ...


class SeveralTexts:
    """``TextModels`` of devices that come and go, at least one.

    A model is loaded where a call needs it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._devices: dict[object, ReplaceableTexts] = {}
        self._at_work: Counter[ReplaceableTexts] = Counter()

    def __repr__(self) -> str:
        return f"SeveralTexts({', '.join(map(repr, self._all()))})"

    @property
    def workers(self) -> int:
        return sum(device.workers for device in self._all())

    @property
    def call_tokens(self) -> int:
        return self._all()[0].call_tokens  # they are alike

    @property
    def busy(self) -> int:
        """How many calls are at work."""
        with self._changed:
            return sum(self._at_work.values())

    def add(self, key: object, device: ReplaceableTexts) -> None:
        with self._changed:
            self._devices[key] = device

    def remove(self, key: object) -> None:
        """Give a device no more calls, and wait for those it has."""
        with self._changed:
            device = self._devices.pop(key)
            self._changed.wait_for(lambda: not self._at_work[device])
            del self._at_work[device]

    def translate(self, package: Package, texts: Sequence[str], search: Search) -> list[Hypotheses]:
        with self._idlest() as device:
            return device.translate(package, texts, search)

    def translate_alone(self, package: Package, text: str, search: Search) -> Hypotheses:
        with self._idlest() as device:
            return device.translate_alone(package, text, search)

    def measure(self, package: Package, texts: Sequence[str]) -> list[int]:
        with self._idlest() as device:
            return device.measure(package, texts)

    def load(self, package: Package) -> None:
        with self._idlest() as device:
            device.load(package)

    def forget(self, package: Package) -> None:
        for device in self._all():
            device.forget(package)

    def close(self) -> None:
        for device in self._all():
            device.close()

    def _all(self) -> list[ReplaceableTexts]:
        with self._changed:
            return list(self._devices.values())

    @contextmanager
    def _idlest(self) -> Iterator[ReplaceableTexts]:
        """Of those that are up, or of all where none is: it says what is wrong."""
        with self._changed:
            devices = list(self._devices.values())
            up = [device for device in devices if device.up] or devices
            device = min(up, key=self._at_work.__getitem__)
            self._at_work[device] += 1
        try:
            yield device
        finally:
            with self._changed:
                self._at_work[device] -= 1
                self._changed.notify_all()
