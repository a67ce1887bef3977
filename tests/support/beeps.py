"""Tiny films that ffmpeg makes by itself, with sound at known times, and an ear for it."""

import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLE_RATE_HZ, Audio
from polycue.domain.cancel import CancelToken
from polycue.domain.media import AudioChoice
from polycue.domain.notice import NoticeReason
from polycue.media.decode import decode
from polycue.media.probe import probe
from polycue.media.streams import choose_audio

# Two beeps in silence, from 1.0 to 1.2 s and from 3.0 to 3.2 s of five seconds.
BEEPS = "aevalsrc='0.5*sin(2*PI*880*t)*(between(t,1,1.2)+between(t,3,3.2))':s=44100:d=5"
BEEPS_MS = [1000, 3000]
PICTURE = "testsrc=s=64x36:r=10:d=5"
DURATION_MS = 5000


class Sound:
    """A whole decoded stream."""

    def __init__(self, blocks: list[Audio], notices: set[NoticeReason]) -> None:
        self.blocks, self.notices = blocks, notices
        self.start_ms = blocks[0].start_ms if blocks else 0
        self.samples: NDArray[np.float32] = (
            np.concatenate([block.samples for block in blocks])
            if blocks
            else np.zeros(0, np.float32)
        )

    @property
    def end_ms(self) -> int:
        return self.start_ms + len(self.samples) * 1000 // SAMPLE_RATE_HZ

    @property
    def onsets_ms(self) -> list[int]:
        """When sound begins after at least a tenth of a second of silence, on the media's clock."""
        loud = np.flatnonzero(np.abs(self.samples) > 0.1)
        if not len(loud):
            return []
        begins = np.concatenate([loud[:1], loud[1:][np.diff(loud) > SAMPLE_RATE_HZ // 10]])
        return [self.start_ms + int(sample) * 1000 // SAMPLE_RATE_HZ for sample in begins]

    @property
    def loudest_hz(self) -> int:
        spectrum = np.abs(np.fft.rfft(self.samples))
        return round(int(spectrum.argmax()) * SAMPLE_RATE_HZ / len(self.samples))


def run_ffmpeg(*arguments: str | Path) -> None:
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(argv, check=True, timeout=200)


def listen(path: Path, choice: AudioChoice | None = None) -> Sound:
    """All that is heard of the stream that ``choice`` means."""
    media = probe(path, cancel=CancelToken())
    stream = choose_audio(media, choice or AudioChoice())
    with decode(media, stream, cancel=CancelToken()) as decoding:
        blocks = list(decoding)
        return Sound(blocks, {notice.reason for notice in decoding.notices})
