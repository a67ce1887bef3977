"""A recogniser that goes on behind a chunk gives what it would have given without a stop."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, ModelFacts, Recognised
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import ChunkFacts, Word
from polycue.engine.devices import Device
from polycue.engine.recogniser import Recogniser
from polycue.speech.passage import Passage
from polycue.speech.rows import Row, rows_of

LANGUAGES = ("en", "es", "de")
OPTIONS = {
    "named": SpeechOptions(language="es"),
    "detected": SpeechOptions(multilingual=False),
    "followed": SpeechOptions(),
    "followed from a named one": SpeechOptions(language="de", multilingual=True),
}


class Polyglot:
    """Hears a language in each chunk that only its time decides, with the real smoothing."""

    workers = 1
    max_rows = 4
    facts = ModelFacts("polyglot", LANGUAGES, 30_000, translates=False, demo=False)

    def run(self, batch: Sequence[Passage]) -> list[tuple[Recognised, ...]]:
        heard = [shares(chunk) for passage in batch for chunk in passage.chunks]
        unknown = any(not passage.settings.language for passage in batch)
        rows = iter(rows_of(batch, heard if unknown else (), LANGUAGES))
        return [tuple(said(next(rows)) for _ in passage.chunks) for passage in batch]

    def run_alone(self, passage: Passage) -> tuple[Recognised, ...]:
        (found,) = self.run([passage])
        return found

    def close(self) -> None:
        pass


def shares(chunk: Chunk) -> Mapping[str, float]:
    chance = random.Random(chunk.audio.start_ms)
    weights = [chance.random() ** 4 for _ in LANGUAGES]
    return {tag: w / sum(weights) for tag, w in zip(LANGUAGES, weights, strict=True)}


def said(row: Row) -> Recognised:
    start_ms, end_ms, language = (
        row.chunk.audio.start_ms,
        row.chunk.audio.end_ms,
        row.settings.language,
    )
    words = (Word(f"{language}-{start_ms}", start_ms, end_ms, 0.9),)
    facts = ChunkFacts(start_ms, end_ms, language, -0.1, 0.0, 1.0, 1, row.chunk.speech_ms)
    return Recognised(words, facts, row.language_probability, belief=row.belief)


def film(lengths_ms: Sequence[int]) -> Iterator[Chunk]:
    at_ms = 0
    for length_ms in lengths_ms:
        samples = np.zeros(length_ms * 16, np.float32)
        yield Chunk(Audio(samples, at_ms), (Span(at_ms, at_ms + length_ms),))
        at_ms += length_ms


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Recogniser]:
    made = Recogniser(
        Path,
        default_model=lambda: "polyglot",
        device=Device("cpu", 0, "int8", 1),
        open_backend=lambda path, name, device: Polyglot(),
    )
    yield made
    made.close()


@pytest.mark.parametrize("kind", OPTIONS)
@settings(max_examples=25)
@given(lengths_ms=st.lists(st.sampled_from([300, 2_000, 9_000, 14_000]), max_size=15))
def test_it_goes_on_behind_any_chunk_that_has_a_belief(
    recogniser: Recogniser, kind: str, lengths_ms: list[int]
) -> None:
    chunks, never = list(film(lengths_ms)), CancelToken()
    whole = list(recogniser.transcribe(chunks, OPTIONS[kind], cancel=never))
    assert not whole or whole[-1].belief is not None
    for number, after in enumerate(whole, start=1):
        if after.belief is not None:
            rest = recogniser.transcribe(chunks[number:], OPTIONS[kind], cancel=never, after=after)
            assert list(rest) == whole[number:]


def test_where_one_language_is_followed_or_found_chunks_are_decided_together(
    recogniser: Recogniser,
) -> None:
    def marks(kind: str) -> str:
        results = recogniser.transcribe(film([9_000] * 11), OPTIONS[kind], cancel=CancelToken())
        return "".join("." if result.belief is None else "|" for result in results)

    assert marks("named") == "|||||||||||"
    assert marks("detected") == "...||||||||"
    assert marks("followed") == "...|...|..|"
