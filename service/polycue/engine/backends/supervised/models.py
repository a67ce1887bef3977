"""The real models of one device, for whoever holds them in a place of their own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from polycue.engine.backends.backend import Backend
from polycue.engine.backends.once import Once
from polycue.engine.backends.supervised.work import ModelSpec
from polycue.engine.backends.threads import ThreadBackend, ThreadTexts
from polycue.engine.devices import Device


def _opened(spec: ModelSpec) -> ThreadBackend:
    device = replace(spec.device, rows=spec.rows or spec.device.rows)
    return ThreadBackend.open(spec.path, spec.name, device)


class DeviceModels:
    """Loads what it is first asked for; the threads that ask run it.

    Batches of one model run while another one loads: their deadline does not wait.
    """

    def __init__(
        self,
        open_: Callable[[ModelSpec], Backend] = _opened,
        *,
        check: Callable[[Path], None] = lambda folder: None,
    ) -> None:
        """``check`` raises where a translator's folder is not what it should be."""
        self._open, self._check = open_, check
        self._recognisers: Once[ModelSpec, Backend] = Once()
        self._texts: Once[Device, ThreadTexts] = Once()

    def recogniser(self, spec: ModelSpec) -> Backend:
        return self._recognisers.get(spec, lambda: self._open(spec))

    def forget(self, spec: ModelSpec) -> None:
        backend = self._recognisers.pop(spec)
        if backend is not None:
            backend.close()

    def texts(self, device: Device) -> ThreadTexts:
        return self._texts.get(device, lambda: ThreadTexts(device, check=self._check))
