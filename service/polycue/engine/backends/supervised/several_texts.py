"""Translation models on several devices: each call goes where the fewest are at work."""

import threading
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
    """``TextModels`` of several devices, at least one. A model is loaded where a call needs it."""

    def __init__(self, devices: Sequence[ReplaceableTexts]) -> None:
        self._lock = threading.Lock()
        self._at_work = dict.fromkeys(devices, 0)

    def __repr__(self) -> str:
        return f"SeveralTexts({', '.join(map(repr, self._at_work))})"

    @property
    def workers(self) -> int:
        return sum(device.workers for device in self._at_work)

    @property
    def call_tokens(self) -> int:
        return next(iter(self._at_work)).call_tokens  # they are alike

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
        for device in self._at_work:
            device.forget(package)

    def close(self) -> None:
        for device in self._at_work:
            device.close()

    @contextmanager
    def _idlest(self) -> Iterator[ReplaceableTexts]:
        """Of those that are up, or of all where none is: it says what is wrong."""
        with self._lock:
            up = [device for device in self._at_work if device.up] or list(self._at_work)
            device = min(up, key=self._at_work.__getitem__)
            self._at_work[device] += 1
        try:
            yield device
        finally:
            with self._lock:
                self._at_work[device] -= 1
