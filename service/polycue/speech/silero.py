"""Silero's network and the state that it carries through a recording."""

import importlib.util
import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polycue.domain.errors import ModelDamaged
from polycue.speech.silero_graph import in_matrix_form

# From 1.29 on onnxruntime reports to its maker, from Linux too, unless told not to before it loads.
# Nothing of polycue leaves the machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

WINDOW = 512  # samples; the one step Silero v6 takes at 16 kHz
_CONTEXT = 64  # samples of the window before that the network wants in front of each window
_STATE = (1, 1, 128)  # of its LSTM

Samples = NDArray[np.float32]


class Silero:
    """How likely somebody speaks, window after window of one recording.

    Recordings share the network and may be heard at the same time, each by one thread.

    Raises:
        ModelDamaged: the weights are not in the installed faster-whisper.
    """

    def __init__(self) -> None:
        self._network = _opened(_weights())
        self._hidden = np.zeros(_STATE, np.float32)
        self._cell = np.zeros(_STATE, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, samples: Samples) -> Samples:
        """One for each window of ``samples``, which holds whole windows and follows the last."""
        windows = samples.reshape(-1, WINDOW)
        tails = np.vstack((self._context, windows[:-1, -_CONTEXT:]))
        self._context = windows[-1, -_CONTEXT:].copy()
        speech: Samples
        speech, self._hidden, self._cell = self._network.run(
            None, {"input": np.hstack((tails, windows)), "h": self._hidden, "c": self._cell}
        )
        return speech


@cache
def _opened(path: Path) -> onnxruntime.InferenceSession:
    try:
        network = in_matrix_form(path.read_bytes())
    except ValueError as error:
        raise ModelDamaged("silero-vad", f"{path.name} is {error}") from error
    options = onnxruntime.SessionOptions()
    # In the thread that asks: recordings run side by side, and the LSTM cannot be split.
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        network, sess_options=options, providers=["CPUExecutionProvider"]
    )


def _weights() -> Path:
    """The file that faster-whisper carries, found without importing it (and its engines)."""
    package = importlib.util.find_spec("faster_whisper")
    if package is None or package.origin is None:
        raise ModelDamaged("silero-vad", "faster-whisper, which carries it, is not installed")
    path = Path(package.origin).parent / "assets" / "silero_vad_v6.onnx"
    if not path.is_file():
        raise ModelDamaged("silero-vad", f"this faster-whisper has no {path.name}")
    return path
