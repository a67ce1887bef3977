"""What a model with random weights is made to write, without a hook in the code that runs it.

Left alone such a model writes noise until its limit, and every rule about quality fires. A script
is written into channels of the residual stream that no layer writes to, so the cost of a step stays
what it is: the position tells the next word, attention of the alignment heads moves along the sound
at a steady pace, and the end comes after so many words, or after more the louder the sound is.
Embeddings and projection stay tied. What it needs of the weights, all engines have.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

CODES, RULERS = 48, 16  # channels that name the word, and pairs of channels that tell the place
RESERVED = CODES + 2 * RULERS + 2
WORDS = 224  # Whisper writes no more in a window
FIRST_WORD = 1000  # their ids; those below are bytes and common syllables in a real vocabulary
PROMPT = 4  # <|startoftranscript|><|en|><|transcribe|><|notimestamps|>
POSITIONS = 448
FRAMES_A_SECOND = 50  # of the encoder's output

_WORD_LOGIT = 30.0
_END, _END_GAIN = 10.0, 40.0  # the end's channel, and what it weighs: it beats any word by far
_LEVEL_GAIN = 100.0
_NORM = 1.9  # what the decoder's last norm divides by, about: codes and rulers decide it
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_WORDS_A_SENTENCE = 9


@dataclass(frozen=True, slots=True)
class Script:
    """``tokens`` words for every window, ``token_ms`` apart.

    With ``levels``, which rise, the end comes by loudness: after ``tokens`` words where the mean of
    the log-mel frames is below the first, and ``more`` words later for each that it is above.
    """

    tokens: int
    token_ms: int = 450
    levels: tuple[float, ...] = ()
    more: int = 0

    def after(self, level: float) -> int:
        """Words where the mean of the log-mel frames, padding included, is ``level``."""
        return self.tokens + self.more * sum(level > each for each in self.levels)


def words() -> list[str]:
    """Made up, all different, with an end of a sentence now and then."""
    chance = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        syllables = chance.randint(1, 3)
        found["".join(chance.choice(s) for s in (_CONSONANTS, _VOWELS) * syllables)] = None
    return [
        f"{word}." if (number + 1) % _WORDS_A_SENTENCE == 0 else word
        for number, word in enumerate(found)
    ]


class Channels:
    """The last channels of a model's width."""

    def __init__(self, width: int) -> None:
        first = width - RESERVED
        self.width = width
        self.all = slice(first, width)
        self.level = self.end = first
        self.start = first + 1
        self.ruler = slice(first + 2, first + 2 + 2 * RULERS)
        self.code = slice(width - CODES, width)


def write_script(spec: Any, script: Script, *, end: int, english: int, heads: int) -> None:
    """Change the filled weights of a ``WhisperSpec``, whose alignment heads are its last layer's.

    ``end`` and ``english`` are the ids of those tokens, ``heads`` how many align.
    """
    encoder, decoder = spec.encoder, spec.decoder
    channels = Channels(decoder.embeddings.weight.shape[1])
    for side in (encoder, decoder):
        for layer in side.layer:
            _keep_off(layer, channels)
    frames = encoder.position_encodings.encodings
    _quiet_front(encoder, channels)
    frames[:, channels.all] = 0
    frames[:, channels.ruler] = _ruler(np.arange(len(frames)), math.sqrt(channels.width) / 2)
    _write_positions(decoder.position_encodings.encodings, channels, script)
    _write_embeddings(decoder.embeddings.weight, channels, end=end, english=english)
    _align(decoder.layer[-1].attention, channels, heads)
    if script.levels:
        _listen(decoder.layer[0].attention, channels)


def _codes() -> np.ndarray:
    """Signs of shape (words, CODES), as many of one kind as of the other."""
    chance = np.random.default_rng(11)
    half = np.repeat([1.0, -1.0], CODES // 2)
    return np.stack([chance.permutation(half) for _ in range(WORDS)]).astype(np.float32)


def _ruler(frames: np.ndarray, amplitude: float) -> np.ndarray:
    """Places in the sound as waves, so that those of one frame match best."""
    angle = np.outer(frames, np.arange(1, RULERS + 1)) * (math.pi / 1500)
    return (amplitude * np.hstack((np.cos(angle), np.sin(angle)))).astype(np.float32)


def _keep_off(layer: Any, channels: Channels) -> None:
    """No layer writes to the reserved channels."""
    outputs = [layer.self_attention.linear[-1], layer.ffn.linear_1]
    if hasattr(layer, "attention"):
        outputs.append(layer.attention.linear[-1])
    for linear in outputs:
        linear.weight[channels.all] = 0
        linear.bias[channels.all] = 0


def _quiet_front(encoder: Any, channels: Channels) -> None:
    """Of the sound only its level goes into the reserved channels: the mean of a frame's mels."""
    first, second = encoder.conv1, encoder.conv2
    for convolution in (first, second):
        convolution.weight[channels.all] = 0
        convolution.bias[channels.all] = 0
    first.weight[channels.level, :, 1] = 1 / first.weight.shape[1]
    first.bias[channels.level] = 3  # above zero, where GELU changes nothing
    second.weight[channels.level, channels.level, 1] = 1


def _write_positions(positions: np.ndarray, channels: Channels, script: Script) -> None:
    width = channels.width
    positions[:, channels.all] = 0
    positions[0, channels.start] = _END
    place = np.arange(POSITIONS) - (PROMPT - 1)  # how many words have been written
    frame = np.clip((place - 0.5) * script.token_ms / 1000 * FRAMES_A_SECOND, 0, 1499)
    positions[:, channels.ruler] = _ruler(frame, math.sqrt(width / RULERS))
    codes = math.sqrt(2 * width / CODES) * _codes()
    positions[PROMPT - 1 : PROMPT - 1 + WORDS, channels.code] = codes
    last = script.tokens + script.more * len(script.levels)
    ends = np.where(place < script.tokens, -_END, _END)
    if script.levels:
        steps = np.clip((place - script.tokens) // script.more, 0, len(script.levels) - 1)
        even = _WORD_LOGIT * _NORM / _END_GAIN  # here the end weighs what the next word does
        heard = _LEVEL_GAIN * np.array([_heard(level) for level in script.levels]) + even
        # Attention takes off what is heard; outside of the steps it is never enough to matter.
        ends = np.where(place < script.tokens, heard[0] - 2.5 * _END, heard[steps])
        ends = np.where(place < last, ends, heard[-1] + 2.5 * _END)
    positions[:, channels.end] = ends


def _write_embeddings(
    embeddings: np.ndarray, channels: Channels, *, end: int, english: int
) -> None:
    width = channels.width
    embeddings[:, channels.all] = 0
    amplitude = math.sqrt(2 * width / CODES) / 2
    own = slice(FIRST_WORD, FIRST_WORD + WORDS)
    embeddings[own, channels.code] = _WORD_LOGIT / (CODES * amplitude) * _codes()
    embeddings[end, channels.end] = _END_GAIN
    embeddings[english, channels.start] = _END_GAIN


def _align(attention: Any, channels: Channels, heads: int) -> None:
    """Queries and keys of the alignment heads read the rulers and nothing else."""
    width, size = channels.width, 64
    weight = 0.8 * math.sqrt(384 / width)
    queries, keys = attention.linear[0], attention.linear[1]
    for linear in (queries, keys):
        for head in range(heads):
            rows = slice(head * size, (head + 1) * size)
            linear.weight[rows] = 0
            for n in range(2 * RULERS):
                linear.weight[head * size + n, channels.ruler.start + n] = weight


def _listen(attention: Any, channels: Channels) -> None:
    """A head that attends to all frames alike takes their level off the end's channel."""
    queries, memory, output = attention.linear
    queries.weight[:64] = 0
    value = channels.width  # the first of the values, which follow the keys
    memory.weight[value] = 0
    memory.weight[value, channels.level] = 1
    output.weight[channels.end] = 0
    output.weight[channels.end, 0] = -_LEVEL_GAIN


def _heard(level: float) -> float:
    """What is left of a level behind the encoder's last norm, whose scale the rulers decide.

    Measured on speech at five levels, the same within 2 % from tiny to large-v3.
    """
    return 1.465 + 0.546 * level


def rising(levels: Sequence[float]) -> tuple[float, ...]:
    """Thresholds between levels that are to give different counts."""
    ordered = sorted(levels)
    return tuple((a + b) / 2 for a, b in pairwise(ordered))
