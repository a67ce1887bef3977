"""Sound to log-mel features, by faster-whisper's extractor: what Whisper is given of a chunk."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from polycue.domain.chunk import Belief, Chunk, ModelFacts
from polycue.domain.errors import RecognitionFailed
from polycue.speech.passage import DecodeSettings, Passage
from polycue.whisperlib import FeatureExtractor


class Features:
    """Makes the features of one kind of model. May be called by several threads."""

    def __init__(self, facts: ModelFacts) -> None:
        self._extractor = _extractor(facts.mels, facts.max_chunk_ms // 1000)

    def __repr__(self) -> str:
        return f"Features({len(self._extractor.mel_filters)} mels)"

    def passage(
        self, chunk: Chunk, settings: DecodeSettings, belief: Belief | None = None
    ) -> Passage:
        """What the chunk is for a model, which has no need of its sound. Raises as ``of``."""
        audio = chunk.audio
        return Passage(audio.start_ms, audio.end_ms, chunk.speech, self.of(chunk), settings, belief)

    def of(self, chunk: Chunk) -> NDArray[np.float32]:
        """Frames of 10 ms, shape (mels, frames), no more than the model's window has.

        A chunk of 30 s takes 15 ms, most of it without the interpreter's lock.

        Raises:
            RecognitionFailed: the sound has values that are no numbers.
        """
        samples = chunk.audio.samples
        if not np.isfinite(samples).all():
            raise RecognitionFailed(
                chunk.audio.start_ms, "its sound has values that are no numbers"
            )
        frames: NDArray[np.float32] = self._extractor(samples)
        return np.ascontiguousarray(frames[:, : self._extractor.nb_max_frames])


@cache
def _extractor(mels: int, window_s: int) -> FeatureExtractor:
    """One for all films and clips; it changes nothing as long as it is told of no other length."""
    return FeatureExtractor(feature_size=mels, chunk_length=window_s)
