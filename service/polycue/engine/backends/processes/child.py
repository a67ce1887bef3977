"""The program of an engine child: the real models of one device."""

import threading
from dataclasses import replace

from polycue.engine.backends.processes.serve import serve
from polycue.engine.backends.processes.work import ModelSpec
from polycue.engine.backends.threads import ThreadBackend, ThreadTexts
from polycue.engine.devices import Device


class DeviceModels:
    """Loads what it is first asked for; the threads that ask run it."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._recognisers: dict[ModelSpec, ThreadBackend] = {}
        self._texts: dict[Device, ThreadTexts] = {}

    def recogniser(self, spec: ModelSpec) -> ThreadBackend:
        with self._loading:
            if spec not in self._recognisers:
                self._recognisers[spec] = _opened(spec)
            return self._recognisers[spec]

    def forget(self, spec: ModelSpec) -> None:
        with self._loading:
            backend = self._recognisers.pop(spec, None)
        if backend is not None:
            backend.close()

    def texts(self, device: Device) -> ThreadTexts:
        with self._loading:
            return self._texts.setdefault(device, ThreadTexts(device))


def _opened(spec: ModelSpec) -> ThreadBackend:
    device = replace(spec.device, rows=spec.rows or spec.device.rows)
    return ThreadBackend.open(spec.path, spec.name, device)


if __name__ == "__main__":
    serve(DeviceModels())
