"""Decoded channels to one, and what was odd about them."""

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLES_PER_MS

Samples = NDArray[np.float32]

SILENT_RMS = 1e-4  # -80 dBFS, far below any recorded speech and above the dither of 16 bits
_FRAME_MS = 100
# Sound is cancelled where the mix keeps less than a hundredth of the channels' energy (-20 dB) and
# the channels are well above silence. Unrelated channels keep a half, a single one a half as well.
_CANCELLED_SHARE = 0.01
_CANCELLED_MIN_RMS = 1e-3


class Downmix:
    """Mixes block after block, and counts.

    Whether left and right cancel out is decided for every block by itself: such a block is taken
    from its louder channel instead of the mix. So a film that is wired the wrong way in one scene
    is heard there too, nothing has to be decoded twice, and a fault costs a step in loudness at
    most.
    """

    def __init__(self) -> None:
        self.invalid_samples = 0
        self.cancelled_ms = 0
        self.sounding_ms = 0  # longer than ``SILENT_RMS`` around its mean, so DC is silence

    def __repr__(self) -> str:
        return (
            f"Downmix({self.sounding_ms} ms sounding, {self.cancelled_ms} ms cancelled, "
            f"{self.invalid_samples} invalid)"
        )

    def mono(self, frames: Samples) -> Samples:
        """Frames of shape (n, channels) as mono of shape (n,), within [-1, 1]."""
        clean = np.clip(self._finite(frames), -1, 1)
        channels = frames.shape[1]
        # A product of matrices is a hundred times faster than a mean over rows of two.
        mixed: Samples = clean @ np.full(channels, 1 / channels, np.float32)
        if channels > 1 and len(frames) and _cancels(clean, mixed):
            self.cancelled_ms += len(frames) // SAMPLES_PER_MS
            mixed = max(clean.T, key=_energy).copy()
        self.sounding_ms += _sounding_ms(mixed)
        return mixed

    def _finite(self, frames: Samples) -> Samples:
        valid = np.isfinite(frames)
        if valid.all():
            return frames
        self.invalid_samples += int(valid.size - np.count_nonzero(valid))
        return np.where(valid, frames, np.float32(0))


def _energy(samples: Samples) -> float:
    return float(np.vdot(samples, samples)) / samples.size


def _cancels(frames: Samples, mixed: Samples) -> bool:
    channels = _energy(frames)
    return channels > _CANCELLED_MIN_RMS**2 and _energy(mixed) < _CANCELLED_SHARE * channels


def _sounding_ms(mono: Samples) -> int:
    frame = _FRAME_MS * SAMPLES_PER_MS
    whole = len(mono) - len(mono) % frame
    loud = mono[:whole].reshape(-1, frame).std(axis=1) > SILENT_RMS
    rest = mono[whole:]
    rest_ms = len(rest) // SAMPLES_PER_MS if len(rest) and rest.std() > SILENT_RMS else 0
    return int(np.count_nonzero(loud)) * _FRAME_MS + rest_ms
