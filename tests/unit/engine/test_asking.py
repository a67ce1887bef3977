"""Features are made in threads of their own, and take no other threads for it."""

from concurrent.futures import wait

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from polycue.domain.audio import Audio, Span
from polycue.domain.chunk import Belief, Chunk, ModelFacts
from polycue.domain.errors import Draining, RecognitionFailed
from polycue.engine.asking import FeaturePool
from polycue.speech.features import Features
from polycue.speech.passage import DecodeSettings

FACTS = ModelFacts("m", ("en",), 30_000, translates=False, demo=False, mels=80)
SETTINGS, BELIEF = DecodeSettings("en"), Belief("en", {"en": 0.0})
PATIENCE_S = 60.0


def chunk(start_ms: int) -> Chunk:
    sound = np.random.default_rng(start_ms).normal(0, 0.1, 32_000).astype(np.float32)
    return Chunk(Audio(sound, start_ms), (Span(start_ms, start_ms + 1_500),))


@pytest.fixture(name="pool")
def _pool() -> FeaturePool:
    return FeaturePool(cores=4)


def test_many_threads_make_the_features_that_one_makes(pool: FeaturePool) -> None:
    features = Features(FACTS)
    chunks = [chunk(1_000 * n) for n in range(24)]
    made = [pool.make(features, one, SETTINGS, BELIEF) for one in chunks]
    wait(made, PATIENCE_S)
    for one, future in zip(chunks, made, strict=True):
        passage = future.result()
        assert np.array_equal(passage.features, Features(FACTS).of(one))
        assert (passage.start_ms, passage.end_ms) == (one.audio.start_ms, one.audio.end_ms)
        assert (passage.speech, passage.speech_ms) == (one.speech, 1_500)
        assert (passage.settings, passage.belief) == (SETTINGS, BELIEF)
    pool.close()


def test_numpys_products_have_one_thread_from_then_on(pool: FeaturePool) -> None:
    pool.close()
    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    assert libraries
    assert {one["num_threads"] for one in libraries} == {1}


def test_sound_that_is_no_number_fails_where_its_features_are_waited_for(pool: FeaturePool) -> None:
    broken = Chunk(Audio(np.full(16_000, np.inf, np.float32), 7_000), (Span(7_000, 8_000),))
    made = pool.make(Features(FACTS), broken, SETTINGS, None)
    with pytest.raises(RecognitionFailed, match="7000 ms"):
        made.result(PATIENCE_S)
    pool.close()


def test_a_closed_pool_makes_nothing_more(pool: FeaturePool) -> None:
    pool.close()
    with pytest.raises(Draining):
        pool.make(Features(FACTS), chunk(0), SETTINGS, None)
