"""Spoken sentences with the times of their words and phonemes, made once and kept on disk.

A corpus is a folder of shards. A shard is ``NAME.npy`` (int16 samples at 16 kHz, all sentences
one behind the other) and ``NAME.json`` (a table of the sentences). Sentences come in groups of
twelve by one narrator, who keeps voice, rate and pitch.
"""

import json
import multiprocessing
import os
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from demo.train import espeak, grammar
from demo.train.espeak import Phoneme, Speech, Voice
from demo.train.speech import tokens
from numpy.typing import NDArray
from tokenizers import Tokenizer

SAMPLE_RATE_HZ = 16_000
FRAMES_PER_SECOND = 50  # of Whisper's encoder
SENTENCES_IN_GROUP = 12

# Accents as often as they are listed. Variants combine with these names and not with "en-gb",
# which eSpeak NG 1.51 refuses.
_ACCENTS = (
    *["en-us"] * 4,
    *["en"] * 3,
    *["en-gb-x-rp"] * 2,
    "en-gb-scotland",
    "en-gb-x-gbclan",
    "en-029",
    "en-us-nyc",
)
TRAINED_VARIANTS = (
    *[""] * 3,
    *"f1 f2 f4 f5 m1 m2 m3 m4 m6 m7 m8 Annie belinda linda steph2 Alicia aunty".split(),  # noqa: SIM905
    *"anika adam Alex Andy david Denis edward Gene Henrique Hugo iven Jacky john".split(),  # noqa: SIM905
    *"Lee Marco Mario max Mike pablo paul pedro quincy rob robert sandro shelby".split(),  # noqa: SIM905
    *"travis victor zac klatt klatt2".split(),  # noqa: SIM905
)
UNSEEN_VARIANTS = ("f3", "m5", "Andrea", "Michael", "steph")  # never trained on

_STRESS_AND_LENGTH = ";:|!,'%="  # of espeak's phoneme names; what is left is the sound


@dataclass(frozen=True, slots=True)
class Word:
    """Seconds from the start of the voice. ``exact``: the start is its own, not a neighbour's."""

    start_s: float
    end_s: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence in one voice, without the silence around it.

    ``samples``: int16 [n] at 16 kHz. ``phonemes``: one class per encoder frame, 0 is silence.
    ``word_tokens``: index of each word's first token, and the number of tokens behind them.
    """

    text: str
    samples: NDArray[np.int16]
    words: tuple[Word, ...]
    phonemes: NDArray[np.int64]
    tokens: tuple[int, ...]
    token_spans: tuple[tuple[float, float], ...]
    word_tokens: tuple[int, ...]

    @property
    def length_s(self) -> float:
        return len(self.samples) / SAMPLE_RATE_HZ


Groups = Sequence[Sequence[Utterance]]


def random_voice(rng: random.Random, variants: Sequence[str]) -> Voice:
    variant = rng.choice(variants)
    return Voice(
        name=rng.choice(_ACCENTS) + (f"+{variant}" if variant else ""),
        words_per_minute=rng.randint(125, 210),
        pitch=rng.randint(25, 75),
        pitch_range=rng.randint(30, 70),
    )


@dataclass(frozen=True, slots=True)
class Shard:
    """``path`` is without suffix; its name is the seed, so equal names hold equal speech."""

    path: Path
    groups: int
    held_out: bool


def write(shards: Sequence[Shard]) -> None:
    """Speak and write those shards that are not there yet, one process each.

    Raises:
        EspeakMissing: eSpeak NG's library is not on this machine.
    """
    # Not forked: eSpeak NG's state would be shared between the copies.
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_write_shard, shards))


def _write_shard(shard: Shard) -> None:
    table_path = shard.path.with_suffix(".json")
    if table_path.exists():
        return
    draw = grammar.held_out_sentence if shard.held_out else grammar.training_sentence
    rng = random.Random(shard.path.name)
    pieces, table, first = [], [], 0
    for group in range(shard.groups):
        voice = random_voice(rng, TRAINED_VARIANTS)
        for _ in range(SENTENCES_IN_GROUP):
            speech = espeak.speak(draw(rng).en, voice)
            samples = voice_only(speech)
            pieces.append(samples)
            table.append(_row(speech, group, first, len(samples)))
            first += len(samples)
    shard.path.parent.mkdir(parents=True, exist_ok=True)
    np.save(shard.path.with_suffix(".npy"), np.concatenate(pieces))
    partial = shard.path.with_suffix(".partial")
    partial.write_text(json.dumps(table), "utf-8")
    partial.replace(table_path)  # the last thing written, so a table means a whole shard
    print(f"corpus: {shard.path.name}, {first / SAMPLE_RATE_HZ / 3600:.1f} h", flush=True)


def voice_only(speech: Speech) -> NDArray[np.int16]:
    """Samples at 16 kHz from the first sound to the last."""
    resampled = _resample(speech.samples)
    first, last = (time_ms * SAMPLE_RATE_HZ // 1000 for time_ms in (speech.start_ms, speech.end_ms))
    return np.clip(resampled[first:last], -32768, 32767).astype(np.int16)


def _resample(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """22,050 to 16,000 Hz by cutting the spectrum: 441 samples become 320."""
    whole = (len(samples) // 441 + 2) * 441
    spectrum = np.fft.rfft(np.pad(samples.astype(np.float32), (0, whole - len(samples))))
    resampled_length = whole // 441 * 320
    resampled = np.fft.irfft(spectrum[: resampled_length // 2 + 1], resampled_length)
    return (resampled * (resampled_length / whole)).astype(np.float32)


def _row(speech: Speech, group: int, first: int, count: int) -> dict[str, Any]:
    start_ms = speech.start_ms
    return {
        "group": group,
        "text": speech.text,
        "first": first,
        "count": count,
        "words": [
            (max(0, word.start_ms - start_ms), max(20, word.end_ms - start_ms), word.exact)
            for word in speech.words
        ],
        "phonemes": [
            (_sound(phoneme), phoneme.start_ms - start_ms)
            for phoneme in speech.phonemes
            if phoneme.start_ms < speech.end_ms
        ],
    }


def _sound(phoneme: Phoneme) -> str:
    return "" if phoneme.silent else phoneme.name.strip(_STRESS_AND_LENGTH)


@dataclass(frozen=True, slots=True)
class Corpus:
    """``phoneme_names``: the name of each phoneme class; the first is silence."""

    groups: Groups
    phoneme_names: tuple[str, ...]


def load(
    paths: Sequence[Path], tokenizer: Tokenizer, phoneme_names: Sequence[str] | None = None
) -> Corpus:
    """Read shards. Samples stay on disk until used; processes on one machine share them.

    Without ``phoneme_names`` the classes are those of these shards, in alphabetical order.
    """
    tables = [json.loads(path.with_suffix(".json").read_text("utf-8")) for path in paths]
    if phoneme_names is None:
        phoneme_names = sorted({name for table in tables for name in _phoneme_names(table)} | {""})
    classes = {name: number for number, name in enumerate(phoneme_names)}
    groups: list[list[Utterance]] = []
    for path, table in zip(paths, tables, strict=True):
        samples = np.load(path.with_suffix(".npy"), mmap_mode="r")
        by_group: dict[int, list[Utterance]] = defaultdict(list)
        for row in table:
            by_group[row["group"]].append(_utterance(row, samples, tokenizer, classes))
        groups += by_group.values()
    return Corpus(groups, tuple(phoneme_names))


def _phoneme_names(table: list[dict[str, Any]]) -> Iterator[str]:
    for row in table:
        yield from (name for name, _ in row["phonemes"])


def _utterance(
    row: dict[str, Any],
    samples: NDArray[np.int16],
    tokenizer: Tokenizer,
    classes: dict[str, int],
) -> Utterance:
    words = tuple(Word(start / 1000, end / 1000, exact) for start, end, exact in row["words"])
    token_ids, word_tokens = tokens.encode(tokenizer, row["text"])
    return Utterance(
        text=row["text"],
        samples=samples[row["first"] : row["first"] + row["count"]],
        words=words,
        phonemes=_frame_classes(row, classes),
        tokens=tuple(token_ids),
        token_spans=tuple(_token_spans(tokenizer, token_ids, word_tokens, words)),
        word_tokens=tuple(word_tokens),
    )


def _frame_classes(row: dict[str, Any], classes: dict[str, int]) -> NDArray[np.int64]:
    frames = np.zeros(row["count"] * FRAMES_PER_SECOND // SAMPLE_RATE_HZ + 1, np.int64)
    starts = [round(start_ms * FRAMES_PER_SECOND / 1000) for _, start_ms in row["phonemes"]]
    for (name, _), start, end in zip(
        row["phonemes"], starts, [*starts[1:], len(frames)], strict=True
    ):
        frames[max(0, start) : max(0, end)] = classes.get(name, 0)
    return frames


def _token_spans(
    tokenizer: Tokenizer,
    token_ids: Sequence[int],
    word_tokens: Sequence[int],
    words: Sequence[Word],
) -> Iterator[tuple[float, float]]:
    """A word's time, shared out among its tokens by their length in bytes."""
    for index, word in enumerate(words):
        inside = token_ids[word_tokens[index] : word_tokens[index + 1]]
        # One character of a token's name stands for one byte; the space before a word is silent.
        names = [tokenizer.id_to_token(token) or "" for token in inside]
        lengths = [len(name.removeprefix("Ġ")) for name in names]
        per_byte_s = (word.end_s - word.start_s) / max(1, sum(lengths))
        start_s = word.start_s
        for length in lengths:
            yield start_s, start_s + length * per_byte_s
            start_s += length * per_byte_s
