"""No log line has a word of what was said, unless that was asked for."""

import json
import logging
from collections.abc import Iterator, Sequence

import pytest
import structlog

from polycue import telemetry
from polycue.domain.audio import Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.request import DefenceOptions
from polycue.domain.transcript import ChunkFacts, Sentence, Word
from polycue.engine.hearing import _Tries
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.translating import translate_sentences
from polycue.testing.translator import FakeTranslator

SAID = "rosebud"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Setting up logging is for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    telemetry.configure(level="info", log_format="console")
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def words(count: int) -> tuple[Word, ...]:
    return tuple(Word(SAID, n * 100, n * 100 + 90) for n in range(count))


def translate_badly() -> None:
    translator = FakeTranslator(table={(SAID, "es"): "río " * 20})
    translate_sentences(
        translator, [Sentence(words(1))], ("en", "es"), Wishes(), cancel=CancelToken()
    )


def hear_badly() -> None:
    facts = ChunkFacts(0, 10_000, "en", -0.3, 0.0, 20.0, 90, speech_ms=10_000, temperature=0.0)
    heard = Recognised(words(90), facts, 1.0)
    tries = _Tries(heard, (Span(0, 10_000),), DefenceOptions())
    tries.outcome()


def told(capsys: pytest.CaptureFixture[str], *, texts: bool) -> Sequence[str]:
    telemetry.configure(level="debug", log_format="json", texts=texts)
    hear_badly()
    translate_badly()
    lines = capsys.readouterr().err.splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert events == ["what was heard is in doubt", "a translation was not fit"]
    return lines


def test_a_line_about_what_was_said_tells_how_long_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line in told(capsys, texts=False):
        assert SAID not in line
        assert "characters>" in line


def test_a_line_quotes_what_was_said_where_that_was_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line in told(capsys, texts=True):
        assert SAID in line
