"""A model that hears several languages, for the real recogniser around it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from polycue.domain.audio import Audio, Span
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import ChunkFacts, Word
from polycue.engine.recogniser import Recogniser
from polycue.speech.passage import Passage
from polycue.speech.rows import Row, rows_of
from polycue.testing.engines import recogniser_with

LANGUAGES = ("en", "es", "de")
WAYS = {
    "named": SpeechOptions(language="es"),
    "detected": SpeechOptions(multilingual=False),
    "followed": SpeechOptions(),
    "followed from a named one": SpeechOptions(language="de", multilingual=True),
}
"""All ways in which a recogniser comes to the language of a chunk."""


class Polyglot:
    """Hears a language in each chunk that its time alone decides, smoothed as real ones are.

    ``heard`` are the starts of the chunks that it was given.
    """

    workers = 1
    max_rows = 4

    def __init__(self, max_chunk_ms: int = 30_000) -> None:
        self.facts = ModelFacts(
            "polyglot",
            LANGUAGES,
            max_chunk_ms,
            translates=False,
            demo=False,
            fingerprint="polyglot",
        )
        self.heard: list[int] = []

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        chunks = [chunk for passage in batch for chunk in passage.chunks]
        self.heard += [chunk.audio.start_ms for chunk in chunks]
        unknown = any(not passage.settings.language for passage in batch)
        rows = iter(rows_of(batch, list(map(_shares, chunks)) if unknown else (), LANGUAGES))
        return [tuple(_said(next(rows)) for _ in passage.chunks) for passage in batch]

    def run_alone(self, passage: Passage) -> tuple[Recognised, ...]:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        pass


@contextmanager
def recogniser(model: Polyglot) -> Iterator[Recogniser]:
    made = recogniser_with(lambda path, name: [model])
    try:
        yield made
    finally:
        made.close()


def film(lengths_ms: Sequence[int]) -> Iterator[Chunk]:
    """Chunks of these lengths, one after the other, full of speech."""
    at_ms = 0
    for length_ms in lengths_ms:
        samples = np.zeros(length_ms * 16, np.float32)
        yield Chunk(Audio(samples, at_ms), (Span(at_ms, at_ms + length_ms),))
        at_ms += length_ms


def _shares(chunk: Chunk) -> Mapping[str, float]:
    chance = random.Random(chunk.audio.start_ms)
    weights = [chance.random() ** 4 for _ in LANGUAGES]
    return {tag: w / sum(weights) for tag, w in zip(LANGUAGES, weights, strict=True)}


def _said(row: Row) -> Recognised:
    chunk, language = row.chunk, row.settings.language
    words = tuple(
        Word(f"{language}-{span.start_ms}.", span.start_ms, span.end_ms, 0.9)
        for span in chunk.speech
    )
    start_ms, end_ms = chunk.audio.start_ms, chunk.audio.end_ms
    facts = ChunkFacts(
        start_ms, end_ms, language, -0.1, 0.0, 1.0, len(words), speech_ms=chunk.speech_ms
    )
    return Recognised(words, facts, row.language_probability, belief=row.belief)
