"""Features are faster-whisper's own, of the sound alone."""

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from polycue.domain.audio import Audio
from polycue.domain.chunk import Chunk, ModelFacts
from polycue.domain.errors import RecognitionFailed
from polycue.speech.features import Features


def facts(mels: int, window_s: int) -> ModelFacts:
    return ModelFacts("m", ("en",), window_s * 1000, translates=False, demo=False, mels=mels)


def noise(samples: int) -> Chunk:
    sound = np.random.default_rng(samples).normal(0, 0.1, samples).astype(np.float32)
    return Chunk(Audio(sound, 3_000), ())


@pytest.mark.parametrize(("mels", "window_s"), [(80, 30), (128, 30), (80, 10)])
@pytest.mark.parametrize("samples", [0, 1, 100, 16_000, 33_333])
def test_they_are_faster_whispers_to_the_last_bit(mels: int, window_s: int, samples: int) -> None:
    theirs = FeatureExtractor(feature_size=mels, chunk_length=window_s)(
        noise(samples).audio.samples
    )
    ours = Features(facts(mels, window_s)).of(noise(samples))
    assert np.array_equal(ours, theirs)
    assert ours.shape == (mels, samples // 160 + 1)
    assert ours.dtype == np.float32
    assert ours.flags.c_contiguous


def test_there_are_no_more_frames_than_the_model_has_a_window_for() -> None:
    assert Features(facts(80, 10)).of(noise(160_000)).shape == (80, 1_000)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sound_that_is_no_number_is_refused(value: float) -> None:
    sound = noise(16_000).audio.samples.copy()
    sound[8_000] = value
    with pytest.raises(RecognitionFailed) as failure:
        Features(facts(80, 30)).of(Chunk(Audio(sound, 7_000), ()))
    assert failure.value.start_ms == 7_000
