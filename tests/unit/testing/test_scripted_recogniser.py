import numpy as np
import pytest

from polycue.domain.audio import Audio, Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk
from polycue.domain.errors import (
    Cancelled,
    LanguageNotSupported,
    ModelMissing,
    RecognitionFailed,
)
from polycue.domain.request import SpeechOptions
from polycue.domain.transcript import Word
from polycue.testing.recogniser import ScriptedRecogniser

SCRIPT = (Word("One", 500, 900), Word("two", 1_900, 2_300), Word("three", 4_000, 4_400))


def chunk(start_ms: int, end_ms: int) -> Chunk:
    samples = np.zeros((end_ms - start_ms) * 16, np.float32)
    return Chunk(Audio(samples, start_ms), (Span(start_ms, end_ms),))


CHUNKS = [chunk(0, 2_000), chunk(2_000, 3_000), chunk(3_500, 5_000)]


def test_each_chunk_gets_the_words_that_begin_in_it_and_end_with_it() -> None:
    found = list(
        ScriptedRecogniser(SCRIPT).transcribe(CHUNKS, SpeechOptions(), cancel=CancelToken())
    )
    assert [[word.text for word in r.words] for r in found] == [["One", "two"], [], ["three"]]
    assert found[0].words[1].end_ms == 2_000
    assert [r.facts.word_count for r in found] == [2, 0, 1]
    assert {(r.facts.language, r.language_probability) for r in found} == {("en", 0.97)}


def test_it_takes_the_language_it_is_given_and_refuses_those_it_does_not_know() -> None:
    fake = ScriptedRecogniser(SCRIPT)
    spanish = SpeechOptions(language="es-419")
    (found, *_) = fake.transcribe(CHUNKS, spanish, cancel=CancelToken())
    assert (found.facts.language, found.language_probability) == ("es-419", 1.0)
    with pytest.raises(LanguageNotSupported):
        fake.transcribe(CHUNKS, SpeechOptions(language="ja"), cancel=CancelToken())
    with pytest.raises(ModelMissing):
        fake.facts("large-v3")


def test_it_fails_where_it_was_told_to_and_stops_when_cancelled() -> None:
    fake, token = ScriptedRecogniser(SCRIPT, fails_at_ms=2_500), CancelToken()
    results = fake.transcribe(CHUNKS, SpeechOptions(), cancel=token)
    next(results)
    with pytest.raises(RecognitionFailed, match="2000 ms"):
        next(results)
    token.cancel()
    with pytest.raises(Cancelled):
        next(fake.transcribe(CHUNKS, SpeechOptions(), cancel=token))
