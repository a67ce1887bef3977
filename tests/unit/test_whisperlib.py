"""faster-whisper works where PyAV is not, and what others know as PyAV is left alone."""

import subprocess
import sys

import pytest

from polycue import whisperlib

_LOADS = """
import sys
{before}
import polycue.whisperlib
print(sys.modules.get("av", "absent"))
print(polycue.whisperlib.WhisperModel.__name__)
"""


def said_by(before: str) -> list[str]:
    program = _LOADS.format(before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_it_is_imported_where_pyav_is_not_installed() -> None:
    # None in sys.modules is how Python marks a module that cannot be imported.
    assert said_by("sys.modules['av'] = None") == ["None", "WhisperModel"]


def test_pyav_is_not_loaded_where_it_is_installed() -> None:
    assert said_by("") == ["absent", "WhisperModel"]


def test_it_cannot_open_media_and_says_what_does() -> None:
    with pytest.raises(AttributeError, match=r"polycue\.media"):
        whisperlib.faster_whisper.audio.decode_audio("film.mkv")
