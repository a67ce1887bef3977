"""faster-whisper, without the media parser it would bring along: the only module that imports it.

Its package imports PyAV, 107 MB with an FFmpeg of its own inside, for one function: to open media.
Here media is opened by the sandboxed ffmpeg alone (``polycue.media``) and models are given sound,
so PyAV is not in the lock (overrides.txt). Where it is installed for others, it is not loaded.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _NoMediaParser(ModuleType):
    """Stands where PyAV would; whoever reaches for any of it is told."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"av.{name}: polycue runs faster-whisper without PyAV; decode with polycue.media"
        )


@contextmanager
def _without_pyav() -> Iterator[None]:
    """For the length of an import; what others know as ``av`` afterwards is theirs."""
    nothing = object()
    before: Any = sys.modules.get("av", nothing)
    sys.modules["av"] = _NoMediaParser("av")
    try:
        yield
    finally:
        if before is nothing:
            del sys.modules["av"]
        else:
            sys.modules["av"] = before


with _without_pyav():
    import faster_whisper
    from faster_whisper import WhisperModel, download_model
    from faster_whisper.feature_extractor import FeatureExtractor
    from faster_whisper.tokenizer import Tokenizer

__all__ = ["FeatureExtractor", "Tokenizer", "WhisperModel", "download_model", "faster_whisper"]
