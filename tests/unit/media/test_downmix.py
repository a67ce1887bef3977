import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polycue.media.downmix import Downmix, Samples

SECOND = 16_000


def tone(amplitude: float = 0.5) -> Samples:
    time_s = np.arange(SECOND) / SECOND
    return (amplitude * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)


def stereo(left: Samples, right: Samples) -> Samples:
    return np.stack([left, right], axis=1)


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(0, 400), st.integers(1, 2)),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
    )
)
def test_whatever_comes_the_result_is_mono_within_range(frames: Samples) -> None:
    mono = Downmix().mono(frames)

    assert mono.shape == (len(frames),)
    assert mono.dtype == np.float32
    assert np.all(np.abs(mono) <= 1)  # false for NaN


def test_channels_are_averaged() -> None:
    mixed = Downmix().mono(stereo(tone(0.5), tone(0.25)))

    np.testing.assert_allclose(mixed, tone(0.375), atol=1e-6)


def test_channels_that_cancel_are_not_mixed() -> None:
    downmix = Downmix()

    mono = downmix.mono(stereo(tone(0.4), -tone(0.5)))

    np.testing.assert_allclose(mono, -tone(0.05), atol=1e-6)  # -19 dB: still heard
    assert downmix.cancelled_ms == 0

    mono = downmix.mono(stereo(tone(0.5), -tone(0.52)))

    np.testing.assert_allclose(mono, -tone(0.52), atol=1e-6)  # the louder one
    assert downmix.cancelled_ms == 1000


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (tone(), np.zeros(SECOND, np.float32)),
        (tone(), np.random.default_rng(0).normal(0, 0.1, SECOND).astype(np.float32)),
        (tone(1e-4), -tone(1e-4)),  # the dither of silence
    ],
    ids=["one channel only", "unrelated channels", "next to nothing"],
)
def test_other_channels_are_mixed(left: Samples, right: Samples) -> None:
    downmix = Downmix()

    mono = downmix.mono(stereo(left, right))

    np.testing.assert_allclose(mono, (left + right) / 2, atol=1e-6)
    assert downmix.cancelled_ms == 0


def test_samples_that_are_no_numbers_are_silenced_and_counted() -> None:
    sound = tone()
    sound[[10, 20, 30]] = np.nan, np.inf, -np.inf
    downmix = Downmix()

    mono = downmix.mono(sound.reshape(-1, 1))

    assert downmix.invalid_samples == 3
    assert not mono[[10, 20, 30]].any()


@pytest.mark.parametrize(
    ("sound", "sounding_ms"),
    [
        (tone(), 1000),
        (np.zeros(SECOND, np.float32), 0),
        (np.full(SECOND, 0.9, np.float32), 0),
        (tone(1e-5), 0),
        (np.concatenate([tone()[:1600], np.zeros(SECOND - 1600, np.float32)]), 100),
        (tone()[:2400], 150),
        (tone()[:0], 0),
    ],
    ids=["tone", "silence", "constant", "below silence", "a tenth", "a short block", "nothing"],
)
def test_only_what_moves_is_heard(sound: Samples, sounding_ms: int) -> None:
    downmix = Downmix()

    downmix.mono(sound.reshape(-1, 1))

    assert downmix.sounding_ms == sounding_ms
