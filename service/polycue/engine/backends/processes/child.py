"""The program of an engine child: the real models of one device."""

import threading

import numpy as np

from polycue.domain.audio import Span
from polycue.domain.errors import DeviceUnavailable, RecognitionFailed
from polycue.engine.backends.processes.serve import serve
from polycue.engine.backends.processes.work import ModelSpec
from polycue.engine.backends.threads import ThreadBackend, ThreadTexts
from polycue.engine.devices import Device
from polycue.speech.passage import DecodeSettings, Passage

# CTranslate2 has kernels for GPUs up to 8.6; newer ones compile them at their first use, which the
# first caller should not wait for, nor be taken for hung by (reference: performance, 2.5).
_WARM_UP_MS = 1_000


class DeviceModels:
    """Loads what it is first asked for; the threads that ask run it."""

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._recognisers: dict[ModelSpec, ThreadBackend] = {}
        self._texts: dict[Device, ThreadTexts] = {}

    def recogniser(self, spec: ModelSpec) -> ThreadBackend:
        with self._loading:
            if spec not in self._recognisers:
                self._recognisers[spec] = _warmed_up(spec)
            return self._recognisers[spec]

    def forget(self, spec: ModelSpec) -> None:
        with self._loading:
            backend = self._recognisers.pop(spec, None)
        if backend is not None:
            backend.close()

    def texts(self, device: Device) -> ThreadTexts:
        with self._loading:
            return self._texts.setdefault(device, ThreadTexts(device))


def _warmed_up(spec: ModelSpec) -> ThreadBackend:
    backend = ThreadBackend.open(spec.path, spec.name, spec.device)
    if spec.device.kind == "cuda":
        try:
            features = np.zeros((backend.facts.mels, _WARM_UP_MS // 10), np.float32)
            speech = (Span(0, _WARM_UP_MS),)
            backend.run([Passage(0, _WARM_UP_MS, speech, features, DecodeSettings())])
        except RecognitionFailed as error:
            backend.close()
            raise DeviceUnavailable(spec.device.kind, error.reason) from error
    return backend


if __name__ == "__main__":
    serve(DeviceModels())
