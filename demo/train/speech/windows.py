"""Training windows of 10 s, as a speech detector would cut them and the service decode them.

A window holds one to a few sentences, or parts of sentences at the edges, by one narrator, with
the pauses between; or no speech at all. Behind its end it is padded the way the decoder pads.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from demo.train.speech import tokens
from demo.train.speech.corpus import FRAMES_PER_SECOND, SAMPLE_RATE_HZ, Utterance
from demo.train.speech.noise import Noise, without_speech
from numpy.typing import NDArray

WINDOW_S = 10
SAMPLES = WINDOW_S * SAMPLE_RATE_HZ
FRAMES = WINDOW_S * FRAMES_PER_SECOND
NO_WORD = -1  # in Window.frame_tokens
_HOP = 160

_EDGE_S = 0.02  # kept free at a window's end
_FADE_SAMPLES = 80  # where a sentence is cut inside, so that the cut does not click
_TIME_TOKEN_REACH_S = 0.08  # a time token looks at the sound this near to its time
_PROMPT_TOKENS = 60


@dataclass(frozen=True, slots=True)
class Mixture:
    """How often a window is what. Evaluation uses other shares than training."""

    without_times: float = 0.75  # decoded with <|notimestamps|>, as the service does
    without_speech: float = 0.05
    with_prompt: float = 0.1
    corrupted_tokens: float = 0.05  # of decoder inputs, in half of the windows
    augmented: bool = True


EVALUATION = Mixture(without_times=1.0, without_speech=0.0, with_prompt=0.0, corrupted_tokens=0.0)


@dataclass(slots=True)
class Window:
    """``inputs``, ``targets``, ``weights`` and ``spans`` have one entry per decoder position.

    A span is the time in s that cross-attention is guided to there, None for no guidance.
    ``frame_tokens``: for each encoder frame the text token spoken in it, or NO_WORD.
    """

    samples: NDArray[np.float32]
    phonemes: NDArray[np.int64]
    frame_tokens: NDArray[np.int64]
    inputs: list[int]
    targets: list[int]
    weights: list[float]
    spans: list[tuple[float, float] | None]
    padded_from: int  # the sample from which the features are 0, a multiple of 160


@dataclass(slots=True)
class _Spoken:
    """What is on a window so far."""

    samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(SAMPLES, np.float32))
    phonemes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(FRAMES, np.int64))
    tokens: list[int] = field(default_factory=list)
    spans: list[tuple[float, float] | None] = field(default_factory=list)
    end_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Part:
    """Words ``first`` to ``last`` (not included) of an utterance."""

    utterance: Utterance
    first: int
    last: int

    @property
    def start_s(self) -> float:
        """Within the utterance."""
        return self.utterance.words[self.first].start_s if self.first else 0.0

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s

    @property
    def end_s(self) -> float:
        if self.last == len(self.utterance.words):
            return self.utterance.length_s
        return self.utterance.words[self.last].start_s

    def can_end_before(self, word: int) -> bool:
        words = self.utterance.words
        return word == len(words) or (0 < word < len(words) and words[word].exact)


def draw(rng: random.Random, group: Sequence[Utterance], noise: Noise, mixture: Mixture) -> Window:
    """One window of a group's sentences, in their order from a random one on."""
    with_times = rng.random() >= mixture.without_times
    if rng.random() < mixture.without_speech:
        return _silent_window(rng, noise, with_times)
    first = rng.randrange(len(group))
    spoken = _speak(rng, group, first, with_times)
    while not spoken.tokens:
        spoken = _speak(rng, group, first, with_times)
    window_end_s = _window_end_s(rng, spoken.end_s)
    if mixture.augmented:
        _augment(rng, spoken.samples, noise)
    if not with_times:
        # The end token looks at the silence behind the last word.
        spoken.spans.append((spoken.end_s - 0.02, spoken.end_s + 0.25))
    else:
        spoken.spans.append(None)
    prompt = _prompt(rng, group, first) if rng.random() < mixture.with_prompt else []
    window = _assemble(rng, spoken, prompt, window_end_s, with_times)
    if rng.random() < 0.5:
        _corrupt(rng, window, group, mixture.corrupted_tokens)
    return window


def _speak(rng: random.Random, group: Sequence[Utterance], first: int, with_times: bool) -> _Spoken:
    """Sentence behind sentence until the window, or what was wanted of it, is full."""
    spoken = _Spoken()
    start = rng.random()
    at_s = 0.0 if start < 0.15 else rng.uniform(0, 0.5) if start < 0.75 else rng.uniform(0.3, 1.6)
    sentences = rng.choices((1, 2, 3, len(group)), (0.2, 0.22, 0.18, 0.4))[0]
    pauses_s = rng.choice(((0.05, 0.3), (0.08, 0.5), (0.2, 1.0), (0.4, 2.0)))
    loudness = rng.choice((1.0, 1.0, rng.uniform(0.05, 1)))
    full_s = WINDOW_S - _EDGE_S if rng.random() < 0.4 else rng.uniform(5, WINDOW_S - _EDGE_S)
    starts_inside, ends_inside = rng.random() < 0.25, rng.random() < 0.25
    for number in range(sentences):
        utterance = group[(first + number) % len(group)]
        whole = _part(
            rng,
            utterance,
            starts_inside=starts_inside and number == 0,
            ends_inside=ends_inside and number == sentences - 1,
        )
        part = _shortened(whole, full_s - at_s)
        if part is None:
            break
        _add(spoken, part, at_s, loudness, with_times)
        at_s += part.length_s
        spoken.end_s = at_s
        if part != whole:
            break
        at_s += rng.uniform(*pauses_s)
    return spoken


def _part(
    rng: random.Random, utterance: Utterance, *, starts_inside: bool, ends_inside: bool
) -> _Part:
    count = len(utterance.words)
    part = _Part(utterance, 0, count)
    if starts_inside and count > 4:
        word = rng.randrange(1, count - 1)
        while word > 0 and not part.can_end_before(word):
            word -= 1
        part = _Part(utterance, word, count)
    if ends_inside and count - part.first > 3:
        word = rng.randrange(part.first + 2, count + 1)
        while not part.can_end_before(word):
            word += 1
        part = _Part(utterance, part.first, word)
    return part


def _shortened(part: _Part, room_s: float) -> _Part | None:
    """The part without the last words that do not fit; None where not one word does."""
    last = part.last
    while last > part.first:
        shorter = _Part(part.utterance, part.first, last)
        if shorter.length_s <= room_s and part.can_end_before(last):
            return shorter
        last -= 1
    return None


def _add(spoken: _Spoken, part: _Part, at_s: float, loudness: float, with_times: bool) -> None:
    utterance = part.utterance
    first_sample = int(part.start_s * SAMPLE_RATE_HZ)
    last_sample = first_sample + int(part.length_s * SAMPLE_RATE_HZ)
    sound = utterance.samples[first_sample:last_sample].astype(np.float32) * (loudness / 32768)
    ramp = np.linspace(0, 1, min(_FADE_SAMPLES, len(sound)), dtype=np.float32)
    if part.first > 0:
        sound[: len(ramp)] *= ramp
    if part.last < len(utterance.words):
        sound[len(sound) - len(ramp) :] *= ramp[::-1]
    place = int(at_s * SAMPLE_RATE_HZ)
    room = spoken.samples[place : place + len(sound)]
    room += sound[: len(room)]

    frame, first_frame = (round(time_s * FRAMES_PER_SECOND) for time_s in (at_s, part.start_s))
    frames = max(1, int(part.length_s * FRAMES_PER_SECOND))
    labels = utterance.phonemes[first_frame : first_frame + frames][: FRAMES - frame]
    spoken.phonemes[frame : frame + len(labels)] = labels

    if with_times:
        # Whisper's decoder may not begin later than <|1.00|>.
        _add_time(spoken, min(at_s, 1.0) if not spoken.tokens else at_s)
    shift_s = at_s - part.start_s
    for index in range(utterance.word_tokens[part.first], utterance.word_tokens[part.last]):
        start_s, end_s = utterance.token_spans[index]
        spoken.tokens.append(utterance.tokens[index])
        spoken.spans.append((start_s + shift_s, end_s + shift_s))
    if with_times:
        _add_time(spoken, at_s + part.length_s)


def _add_time(spoken: _Spoken, time_s: float) -> None:
    spoken.tokens.append(tokens.FIRST_TIME + round(time_s * 50))
    spoken.spans.append((time_s - _TIME_TOKEN_REACH_S, time_s + _TIME_TOKEN_REACH_S))


def _window_end_s(rng: random.Random, speech_end_s: float) -> float:
    """Where a detector would cut: at the end of speech, a pad later, or not at all."""
    how = rng.random()
    if how < 0.2:
        return WINDOW_S
    if how < 0.4:
        pad_s = rng.uniform(-0.03, 0.05)
    elif how < 0.85:
        pad_s = rng.uniform(0.05, 0.6)
    else:
        pad_s = rng.uniform(0.6, 3)
    return min(WINDOW_S, speech_end_s + pad_s)


def _augment(rng: random.Random, samples: NDArray[np.float32], noise: Noise) -> None:
    if rng.random() < 0.75:
        samples += noise.cut(rng, len(samples)) * 10 ** rng.uniform(-4.5, -1.9)
    if rng.random() < 0.3:  # tilt the spectrum
        samples[1:] += rng.uniform(-0.5, 0.5) * samples[:-1].copy()


def _prompt(rng: random.Random, group: Sequence[Utterance], first: int) -> list[int]:
    """The sentences before, as Whisper is given them."""
    before = rng.randint(1, 3)
    said: list[int] = []
    for number in range(first - before, first):
        said += group[number % len(group)].tokens
    return [tokens.PREVIOUS, *said[-_PROMPT_TOKENS:]]


def _silent_window(rng: random.Random, noise: Noise, with_times: bool) -> Window:
    """No text at all, and <|nospeech|> for the decoder's first position."""
    spoken = _Spoken(samples=without_speech(rng, noise, SAMPLES))
    if with_times:
        spoken.tokens.append(tokens.FIRST_TIME)
        spoken.spans.append((0.0, 0.1))
    spoken.spans.append(None)
    end_s = rng.uniform(0.3, WINDOW_S) if rng.random() < 0.5 else WINDOW_S
    window = _assemble(rng, spoken, [], end_s, with_times)
    window.targets[0], window.weights[0] = tokens.NO_SPEECH, 1.0
    return window


def _assemble(
    rng: random.Random, spoken: _Spoken, prompt: list[int], end_s: float, with_times: bool
) -> Window:
    head = [tokens.START, tokens.ENGLISH, tokens.TRANSCRIBE]
    if not with_times:
        head.append(tokens.NO_TIMESTAMPS)
    sequence = [*prompt, *head, *spoken.tokens, tokens.END]
    unguided: list[tuple[float, float] | None] = [None] * (len(prompt) + len(head) - 1)
    weights = [0.0] * len(prompt) + [0.1] * (len(head) - 1) + [1.0] * (len(spoken.tokens) + 1)
    padded_from = min(SAMPLES, max(_HOP * 10, int(end_s * SAMPLE_RATE_HZ))) // _HOP * _HOP
    spoken.samples[padded_from:] = 0
    if rng.random() < 0.15:
        padded_from = SAMPLES  # true silence instead of the decoder's padding
    return Window(
        samples=spoken.samples,
        phonemes=spoken.phonemes,
        frame_tokens=_frame_tokens(spoken),
        inputs=sequence[:-1],
        targets=sequence[1:],
        weights=weights,
        spans=unguided + spoken.spans,
        padded_from=padded_from,
    )


def _frame_tokens(spoken: _Spoken) -> NDArray[np.int64]:
    frames = np.full(FRAMES, NO_WORD)
    for token, span in zip(spoken.tokens, spoken.spans, strict=False):
        if span is not None and token < tokens.END:
            first = max(0, int(span[0] * FRAMES_PER_SECOND))
            frames[first : max(first + 1, int(span[1] * FRAMES_PER_SECOND))] = token
    return frames


def _corrupt(rng: random.Random, window: Window, group: Sequence[Utterance], share: float) -> None:
    """Replace some text the decoder is told it has said, so that it keeps listening."""
    head = window.inputs.index(tokens.START)
    for position in range(head + 3, len(window.inputs)):
        if window.inputs[position] < tokens.END and rng.random() < share:
            window.inputs[position] = rng.choice(rng.choice(group).tokens)
