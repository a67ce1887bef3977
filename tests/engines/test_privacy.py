"""Nothing leaves the machine, not even what a library would tell its maker."""

import os
import subprocess
import sys
from pathlib import Path

_DETECT = """
import numpy as np
from polycue.domain.audio import Audio
from polycue.domain.request import DetectionOptions
from polycue.speech.vad import SpeechDetector

detector = SpeechDetector(DetectionOptions())
detector.feed(Audio(np.zeros(16000, np.float32), 0))
detector.finish()
"""


def test_the_speech_detector_leaves_no_trace_for_anybody_to_send(tmp_path: Path) -> None:
    # onnxruntime from 1.29 on writes a device's id and a store of events, and sends them.
    environment = {
        name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"
    }
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", _DETECT], env=environment, check=True, timeout=200)
    assert list(tmp_path.iterdir()) == []
