"""Where in the sound somebody speaks: Silero's detector, streamed, in constant memory."""

import numpy as np
from numpy.typing import NDArray

from polycue.domain.audio import SAMPLE_RATE_HZ, SAMPLES_PER_MS, Audio, Span
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import DetectionOptions
from polycue.speech.silero import WINDOW, Silero

WINDOW_MS = WINDOW * 1000 // SAMPLE_RATE_HZ
_HYSTERESIS = 0.15  # Silero's own: speech ends this much below the probability at which it starts


class SpeechDetector:
    """Finds speech in the consecutive blocks of one recording, by Silero's own rule.

    Speech starts with the first window at or above the threshold and ends where the probability
    falls well below it and stays there for ``min_silence_ms``. The model's state is carried from
    block to block: where the blocks are cut changes nothing. Not for use by two threads.

    Raises:
        InvalidRequest: an option is out of range.
        ModelDamaged: the network's weights are not in the installed faster-whisper.
    """

    def __init__(self, options: DetectionOptions) -> None:
        _check(options)
        self._silero = Silero()
        self._threshold = options.threshold
        self._quiet_threshold = max(options.threshold - _HYSTERESIS, 0.01)
        self._min_silence_ms = options.min_silence_ms
        self._rest = np.empty(0, np.float32)  # less than a window, waiting for more
        self._speech_from: int | None = None
        self._quiet_from: int | None = None
        self._origin_ms: int | None = None
        self._windows = 0

    def __repr__(self) -> str:
        return f"SpeechDetector(heard up to {self.heard_ms} ms, open {self.open})"

    @property
    def heard_ms(self) -> int:
        """How far probabilities are known."""
        return (self._origin_ms or 0) + self._windows * WINDOW_MS

    @property
    def open(self) -> Span | None:
        """Speech that has not ended for certain, as far as it is known."""
        if self._speech_from is None:
            return None
        return Span(
            self._speech_from, self.heard_ms if self._quiet_from is None else self._quiet_from
        )

    def feed(self, audio: Audio) -> list[Span]:
        """The spans that have ended for certain with this block."""
        if self._origin_ms is None:
            self._origin_ms = audio.start_ms
        samples = np.concatenate((self._rest, audio.samples)) if len(self._rest) else audio.samples
        whole = len(samples) // WINDOW * WINDOW
        self._rest = samples[whole:].copy()
        return self._spans(samples[:whole])

    def finish(self) -> list[Span]:
        """The spans still open when the recording ends; the last one ends with it at the latest."""
        end_ms = self.heard_ms + len(self._rest) // SAMPLES_PER_MS
        spans = self._spans(np.pad(self._rest, (0, -len(self._rest) % WINDOW)))
        if self._speech_from is not None:
            spans.append(Span(self._speech_from, end_ms))
        self._rest, self._speech_from, self._quiet_from = self._rest[:0], None, None
        return [span for span in spans if span.duration_ms > 0]

    def _spans(self, samples: NDArray[np.float32]) -> list[Span]:
        if not len(samples):
            return []
        found = [self._step(float(p)) for p in self._silero.probabilities(samples)]
        return [span for span in found if span is not None]

    def _step(self, probability: float) -> Span | None:
        at_ms = self.heard_ms
        self._windows += 1
        if probability >= self._threshold:
            self._quiet_from = None
            if self._speech_from is None:
                self._speech_from = at_ms
            return None
        if self._speech_from is None or probability >= self._quiet_threshold:
            return None
        if self._quiet_from is None:
            self._quiet_from = at_ms
        if at_ms - self._quiet_from < self._min_silence_ms:
            return None
        span = Span(self._speech_from, self._quiet_from)
        self._speech_from = self._quiet_from = None
        return span


def _check(options: DetectionOptions) -> None:
    if not 0 < options.threshold <= 1:
        raise InvalidRequest("speech.detection.threshold", "is a probability above 0, at most 1")
    if options.min_silence_ms < 0:
        raise InvalidRequest("speech.detection.min_silence_ms", "is not negative")
