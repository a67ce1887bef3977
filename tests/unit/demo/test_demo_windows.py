import random
from itertools import pairwise

import numpy as np
import pytest
from demo.train.speech import tokens, windows
from demo.train.speech.corpus import Utterance, Word
from demo.train.speech.noise import Noise
from demo.train.speech.windows import Mixture, Window

TOKENIZER = tokens.load()
TEXT = "The old bird rests between the rocks."


def utterance() -> Utterance:
    """Seven words of half a second each; the third word's start is not known."""
    words = tuple(Word(i * 0.5, i * 0.5 + 0.5, exact=i != 2) for i in range(7))
    token_ids, word_tokens = tokens.encode(TOKENIZER, TEXT)
    spans = [
        (word.start_s, word.end_s)
        for word, (first, last) in zip(words, pairwise(word_tokens), strict=True)
        for _ in range(last - first)
    ]
    return Utterance(
        text=TEXT,
        samples=np.full(56_000, 8000, np.int16),
        words=words,
        phonemes=np.ones(176, np.int64),
        tokens=tuple(token_ids),
        token_spans=tuple(spans),
        word_tokens=tuple(word_tokens),
    )


@pytest.fixture(scope="module")
def noise() -> Noise:
    return Noise()


def draw_many(noise: Noise, mixture: Mixture) -> list[Window]:
    rng = random.Random(1)
    return [windows.draw(rng, [utterance()] * 4, noise, mixture) for _ in range(200)]


def test_what_is_said_next_is_the_target_of_what_was_said(noise: Noise) -> None:
    for window in draw_many(noise, Mixture(without_speech=0, corrupted_tokens=0)):
        assert window.inputs[1:] == window.targets[:-1]
        assert window.targets[-1] == tokens.END
        assert len(window.inputs) == len(window.weights) == len(window.spans)


def test_windows_have_one_length_and_stay_in_range(noise: Noise) -> None:
    for window in draw_many(noise, Mixture()):
        assert window.samples.shape == (windows.SAMPLES,)
        assert window.samples.dtype == np.float32
        assert window.phonemes.shape == window.frame_tokens.shape == (windows.FRAMES,)
        assert 0 < window.padded_from <= windows.SAMPLES
        assert window.padded_from % 160 == 0


def test_guided_spans_lie_where_there_is_sound(noise: Noise) -> None:
    clean = Mixture(without_times=1, without_speech=0, augmented=False)
    for window in draw_many(noise, clean):
        for token, span in zip(window.targets, window.spans, strict=True):
            if span is not None and token < tokens.END:
                first, last = (int(time_s * 16_000) for time_s in span)
                # A detector may cut the last 30 ms of a voice, and so do some windows.
                assert np.abs(window.samples[first + 100 : last - 1000]).min() > 0


def test_a_window_is_cut_only_where_a_word_begins_by_itself(noise: Noise) -> None:
    third = TOKENIZER.encode(" bird", add_special_tokens=False).ids
    plain = Mixture(without_times=1, without_speech=0, with_prompt=0, corrupted_tokens=0)
    for window in draw_many(noise, plain):
        text = [token for token in window.targets if token < tokens.END]
        assert text[: len(third)] != third


def test_windows_without_speech_ask_for_no_text(noise: Noise) -> None:
    silent = Mixture(without_speech=1, without_times=1, corrupted_tokens=0)
    for window in draw_many(noise, silent):
        assert window.targets[0] == tokens.NO_SPEECH
        assert window.targets[-1] == tokens.END
        assert not [token for token in window.targets if token < tokens.END]
        assert (window.frame_tokens == windows.NO_WORD).all()


def test_every_word_of_a_sentence_owns_some_of_its_tokens() -> None:
    token_ids, boundaries = tokens.encode(TOKENIZER, TEXT)
    words = TEXT.split(" ")
    pieces = [
        TOKENIZER.decode(token_ids[first:last]).strip() for first, last in pairwise(boundaries)
    ]
    assert pieces == words
