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

    device = "cpu"

    def __init__(self, max_chunk_ms: int = 30_000, *, workers: int = 1, max_rows: int = 4) -> None:
        self.workers, self.max_rows = workers, max_rows
        self.facts = ModelFacts(
            "polyglot",
            LANGUAGES,
            max_chunk_ms,
            translates=False,
            demo=False,
            fingerprint="polyglot",
        )
        self.heard: list[int] = []

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        self.heard += [passage.start_ms for passage in batch]
        return list(map(_said, rows_of(batch, list(map(self.shares, batch)), LANGUAGES)))

    def run_alone(self, passage: Passage) -> Recognised:
        (found,) = self.run([passage])
        return found

    def shares(self, passage: Passage) -> Mapping[str, float]:
        chance = random.Random(passage.start_ms)
        weights = [chance.random() ** 4 for _ in LANGUAGES]
        return {tag: w / sum(weights) for tag, w in zip(LANGUAGES, weights, strict=True)}

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


def _said(row: Row) -> Recognised:
    passage, language = row.passage, row.passage.settings.language
    words = tuple(
        Word(f"{language}-{span.start_ms}.", span.start_ms, span.end_ms, 0.9)
        for span in passage.speech
    )
    facts = ChunkFacts(
        passage.start_ms, passage.end_ms, language, -0.1, 0.0, 1.0, len(words),
        speech_ms=passage.speech_ms,
    )  # fmt: skip
    return Recognised(words, facts, row.language_probability, shares=row.shares)
