"""Disturbed subtitles of made-up films find their place, and those of another film none."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.cue import Cue
from polycue.domain.transcript import Word
from polycue.sync import speech_fit, text_fit
from polycue.sync.fit import RATIOS
from polycue.sync.speech_fit import fit_to_speech
from polycue.sync.text_fit import fit_to_words
from polycue.testing.made_up import Film, errors_ms, film, scaled, shifted, with_break

seeds = st.integers(0, 10_000)
PAL = 25 / (24_000 / 1001)


def speech_fit_of(old: list[Cue], heard: Film) -> list[int]:
    fit = fit_to_speech(old, heard.speech, heard.duration_ms)
    assert fit.score >= speech_fit.GOOD_ENOUGH
    return errors_ms(fit, old, heard.cues)


@settings(max_examples=3, deadline=None)
@given(seeds, st.integers(-50_000, 600_000), st.sampled_from(RATIOS))
def test_speech_tells_a_shift_and_a_drift(seed: int, by_ms: int, ratio: float) -> None:
    heard = film(seed, minutes=5)
    old = [cue for cue in scaled(heard.cues, ratio) if cue.start_ms + by_ms >= 0]
    true = heard.cues[len(heard.cues) - len(old) :]
    heard = replace(heard, cues=true)
    if len(old) > 35:
        assert speech_fit_of(shifted(old, by_ms), heard)[-1] <= 300


# Speech alone does not always tell a break: beside one there may be too few cues to pay for it.
# benchmarks/sync.py counts how often; these are films in which there are enough.
@pytest.mark.parametrize(
    ("seed", "percent", "ms"), [(1, 30, 8_000), (2, 40, 20_000), (3, 60, 60_000), (4, 70, 180_000)]
)
def test_speech_tells_a_break(seed: int, percent: int, ms: int) -> None:
    heard = film(seed, minutes=10)
    old = with_break(heard.cues, len(heard.cues) * percent // 100, ms)
    errors = speech_fit_of(old, heard)
    assert errors[len(errors) * 9 // 10] <= 300


def test_speech_tells_shift_drift_and_two_breaks_at_once() -> None:
    heard = film(3, minutes=12)
    third = len(heard.cues) // 3
    old = scaled(with_break(with_break(heard.cues, third, 90_000), 2 * third, 45_000), PAL)
    errors = speech_fit_of(shifted(old, 3200), heard)
    assert errors[len(errors) * 95 // 100] <= 300


@settings(max_examples=3, deadline=None)
@given(seeds, seeds)
def test_the_speech_of_another_film_fits_nothing(seed: int, other: int) -> None:
    heard, wrong = film(seed, minutes=5), film(other + 20_000, minutes=5)
    fit = fit_to_speech(wrong.cues, heard.speech, heard.duration_ms)
    assert fit.score < speech_fit.GOOD_ENOUGH


def noisy(words: tuple[Word, ...], wrong: float, chance: random.Random) -> list[Word]:
    """As a recogniser hears them: some left out, some taken for others, all a little off."""
    heard = []
    for word in words:
        kind = chance.random() / wrong
        if kind < 0.3:
            continue
        text = chance.choice(words).text if kind < 1 else word.text
        start_ms = max(word.start_ms + chance.randint(-60, 60), 0)
        heard.append(Word(text, start_ms, max(word.end_ms, start_ms)))
    return heard


@settings(max_examples=3, deadline=None)
@given(
    seeds, st.integers(20, 80), st.integers(5_000, 200_000), st.sampled_from([1.0, PAL, 24 / 25])
)
def test_words_tell_all_of_it_though_every_third_is_wrong(
    seed: int, percent: int, ms: int, ratio: float
) -> None:
    made = film(seed, minutes=5)
    old = shifted(scaled(with_break(made.cues, len(made.cues) * percent // 100, ms), ratio), 3200)
    fit = fit_to_words(old, noisy(made.words, 0.35, random.Random(seed)))
    errors = errors_ms(fit, old, made.cues)
    assert fit.score > 0.5
    assert errors[len(errors) * 95 // 100] <= 250


def test_words_tell_a_drift_that_no_frame_rate_makes() -> None:
    made = film(4, minutes=8)
    fit = fit_to_words(scaled(made.cues, 1.007), noisy(made.words, 0.35, random.Random(4)))
    assert abs(fit.ratio * 1.007 - 1) < 0.001
    errors = errors_ms(fit, scaled(made.cues, 1.007), made.cues)
    assert errors[len(errors) * 9 // 10] <= 300


def test_a_scene_that_the_film_lacks_is_told_from_a_shift() -> None:
    made = film(5, minutes=10)
    first, last = made.cues[40].start_ms, made.cues[52].start_ms
    lacking_ms = last - first
    words = [word for word in made.words if word.end_ms <= first] + [
        word.moved(word.start_ms - lacking_ms, word.end_ms - lacking_ms)
        for word in made.words
        if word.start_ms >= last
    ]
    fit = fit_to_words(made.cues, words)
    assert [(p.last - p.first > 30) for p in fit.pieces] == [True, True]
    assert abs(fit.pieces[1].offset_ms + lacking_ms) < 150
    assert fit.pieces[0].first == 0
    assert 40 <= fit.pieces[0].last <= 52


@settings(max_examples=3, deadline=None)
@given(seeds, seeds)
def test_the_words_of_another_film_fit_nothing(seed: int, other: int) -> None:
    wrong = film(other + 20_000, minutes=5)
    assert fit_to_words(wrong.cues, film(seed, minutes=5).words).score < text_fit.GOOD_ENOUGH / 4


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_cues_get_some_fit_and_no_confidence_by_speech(count: int) -> None:
    heard = film(1, minutes=2)
    fit = fit_to_speech(heard.cues[:count], heard.speech, heard.duration_ms)
    assert (fit.pieces[0].first, fit.pieces[-1].last) == (0, count)
    assert fit.score < 0.6


def test_odd_input_gives_a_fit_and_no_crash() -> None:
    cue, whole = Cue(0, 1, ("x",)), [Span(0, 5000)]
    far = Cue(36_000_000_000, 36_000_000_001, ("y",))  # what ten thousand hours are to SubRip
    for cues in ([cue], [cue, far], [far]):
        for speech in (whole, [Span(100, 100)], [Span(0, 10), Span(4990, 5000)]):
            fit = fit_to_speech(cues, speech, 5000)
            assert 0 <= fit.score <= 1
    assert fit_to_words([cue], []).score == 0
    assert fit_to_words([Cue(0, 9, ("[music]",))], [Word("x", 0, 1)] * 20).score == 0
