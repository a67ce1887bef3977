"""Whisper's input: log-mel spectrograms, the same as faster-whisper's but for whole batches."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE_HZ = 16_000
MEL_BANDS = 80
HOP = 160  # samples between two mel frames
_WINDOW = 400
_DYNAMIC_RANGE = 8.0  # in powers of ten below the loudest value, as Whisper clips it


class LogMel:
    def __init__(self, device: torch.device) -> None:
        self._filters = torch.from_numpy(mel_filters()).to(device)
        self._window = torch.hann_window(_WINDOW, periodic=True, device=device)

    def __call__(self, samples: Tensor, louder: Tensor | float = 0.0) -> Tensor:
        """Float32 [batch, n] in [-1, 1] -> [batch, 80, n / 160].

        ``louder`` ([batch, 1, 1], powers of ten): as if the loudest value were that much louder,
        for windows that were quiet parts of a louder recording.
        """
        spectrum = torch.stft(
            functional.pad(samples, (0, HOP)),
            _WINDOW,
            HOP,
            window=self._window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )[..., :-1]
        power = spectrum.real**2 + spectrum.imag**2
        mel = (self._filters @ power).clamp(min=1e-10).log10()
        loudest = mel.amax((1, 2), keepdim=True) + louder
        mel = (torch.maximum(mel, loudest - _DYNAMIC_RANGE) + 4) / 4
        return mel[..., : samples.shape[1] // HOP]


def mel_filters() -> np.ndarray:
    """Float32 [80, 201]: triangles on Slaney's mel scale, each of area one, as librosa makes them.

    Slaney's scale is linear (200/3 Hz a mel) up to 1 kHz, then 27 steps for each factor 6.4.
    """
    step_hz, knee_hz = 200 / 3, 1000.0
    knee_mel, log_step = knee_hz / step_hz, np.log(6.4) / 27
    top_mel = knee_mel + np.log(SAMPLE_RATE_HZ / 2 / knee_hz) / log_step
    mels = np.linspace(0, top_mel, MEL_BANDS + 2)
    corners_hz = np.where(
        mels < knee_mel, mels * step_hz, knee_hz * np.exp(log_step * (mels - knee_mel))
    )
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE_HZ)
    rising = (bins_hz - corners_hz[:-2, None]) / np.diff(corners_hz)[:-1, None]
    falling = (corners_hz[2:, None] - bins_hz) / np.diff(corners_hz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    areas = 2 / (corners_hz[2:] - corners_hz[:-2])
    return (triangles * areas[:, None]).astype(np.float32)
