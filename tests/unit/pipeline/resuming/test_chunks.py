import math
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.domain.audio import Span
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Belief, Recognised
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.errors import Cancelled
from polycue.domain.progress import Stage
from polycue.domain.transcript import ChunkFacts, Word
from polycue.engine.recogniser import Recogniser
from polycue.pipeline.resuming.chunks import (
    KeptChunk,
    ResumedRecogniser,
    kept_chunks,
    pack,
    unpack,
)
from polycue.testing.checkpoints import KeptInMemory
from support import polyglot
from support.polyglot import WAYS, Polyglot, film

FLOATS = st.floats(allow_nan=False)
TIMES = st.integers(0, 2**40)
TAGS = st.sampled_from(["en", "es-419", "zh-Hant", "und"])
SPANS = st.builds(Span, TIMES, st.integers(2**40, 2**41))


@st.composite
def words(draw: st.DrawFn) -> Word:
    start_ms = draw(TIMES)
    return Word(
        draw(st.text(min_size=1).filter(lambda text: text == text.strip() != "")),
        start_ms,
        start_ms + draw(TIMES),
        draw(st.none() | FLOATS),
        draw(st.none() | st.text()),
        draw(st.booleans()),
        draw(TAGS | st.just("")),
        draw(st.booleans()),
    )


VERDICTS = st.builds(
    Verdict,
    TIMES,
    TIMES,
    st.sampled_from(Remedy),
    st.text(),
    st.lists(st.sampled_from(Signal)).map(tuple),
    st.text(),
)
RECOGNISED = st.builds(
    Recognised,
    st.lists(words(), max_size=4).map(tuple),
    st.builds(ChunkFacts, TIMES, TIMES, TAGS, FLOATS, FLOATS, FLOATS, TIMES, TIMES, FLOATS),
    FLOATS,
    st.lists(SPANS, max_size=4).map(tuple),
    st.lists(VERDICTS, max_size=2).map(tuple),
    st.none() | st.builds(Belief, TAGS, st.dictionaries(TAGS, FLOATS)),
)
CHUNK = Recognised(
    (Word("Yes.", 100, 400, 0.1 + 0.2),),
    ChunkFacts(0, 500, "en", -0.2, 0.01, 1.2, 1, 300),
    1.0,
    belief=Belief("en", {"en": 0.0}),
)


@given(RECOGNISED, TIMES)
def test_what_is_packed_comes_back_to_the_last_bit(found: Recognised, spent_ms: int) -> None:
    kept = KeptChunk(found, spent_ms)
    again = unpack(pack(kept))
    assert again == kept
    assert repr(again) == repr(kept)  # of equal values that are not the same: -0.0, True


def test_a_doubt_that_is_no_number_stays_none() -> None:
    facts = replace(CHUNK.facts, avg_logprob=math.nan, compression_ratio=math.inf)
    again = unpack(pack(KeptChunk(replace(CHUNK, facts=facts), 5)))
    assert again
    assert struct.pack("d", again.found.facts.avg_logprob) == struct.pack("d", math.nan)
    assert again.found.facts.compression_ratio == math.inf


def test_what_another_version_wrote_or_is_damaged_is_not_there() -> None:
    data = pack(KeptChunk(CHUNK, 5))
    assert unpack(data)
    assert not any(unpack(data[:length]) for length in range(len(data)))
    for at in range(len(data)):
        assert unpack(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]) is None


def test_a_chunk_takes_few_bytes() -> None:
    said = tuple(Word(f"word{n}", 400 * n, 400 * n + 300, 0.9 + n / 1e9) for n in range(75))
    full = replace(CHUNK, words=said, aligned=tuple(Span(w.start_ms, w.end_ms) for w in said))
    assert len(pack(KeptChunk(full, 0))) < 2_500  # half a minute of speech


def test_only_what_lies_unbroken_from_the_beginning_is_taken() -> None:
    kept = KeptInMemory()
    data = pack(KeptChunk(CHUNK, 7))
    undecided = pack(KeptChunk(replace(CHUNK, belief=None), 7))
    for index, piece in enumerate([data, data, undecided, data, undecided, b"damaged", data]):
        kept.save(Stage.TRANSCRIBE, index, piece)
    assert [chunk.found.belief for chunk in kept_chunks(kept)] == [
        *(CHUNK.belief, CHUNK.belief, None, CHUNK.belief)
    ]


@pytest.fixture(scope="module")
def model() -> Polyglot:
    return Polyglot()


@pytest.fixture(scope="module")
def engine(model: Polyglot) -> Iterator[Recogniser]:
    with polyglot.recogniser(model) as made:
        yield made


def run(
    engine: Recogniser, lengths_ms: list[int], way: str, kept: KeptInMemory, cancel: CancelToken
) -> list[Recognised]:
    resumed = ResumedRecogniser(engine, kept, kept_chunks(kept), spent_ms=lambda: 0)
    found = []
    for result in resumed.transcribe(film(lengths_ms), WAYS[way], cancel=cancel):
        cancel.check()
        found.append(result)
    return found


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=25)
@given(
    lengths_ms=st.lists(st.sampled_from([300, 2_000, 9_000, 14_000]), max_size=15),
    saves=st.lists(st.integers(1, 6), max_size=4),
)
def test_killed_wherever_and_however_often_the_results_are_the_same(
    engine: Recogniser, way: str, lengths_ms: list[int], saves: list[int]
) -> None:
    whole = run(engine, lengths_ms, way, KeptInMemory(), CancelToken())
    kept, found = KeptInMemory(), None
    for after in saves:
        cancel = CancelToken()
        kept.interrupt(cancel, after=after)
        try:
            found = run(engine, lengths_ms, way, kept, cancel)
        except Cancelled:
            continue
    assert run(engine, lengths_ms, way, kept, CancelToken()) == whole
    assert found is None or found == whole


def test_only_chunks_that_were_under_way_are_heard_twice() -> None:
    lengths_ms, kept, cancel = [9_000] * 30, KeptInMemory(), CancelToken()
    kept.interrupt(cancel, after=20)
    with polyglot.recogniser(Polyglot()) as killed, pytest.raises(Cancelled):
        run(killed, lengths_ms, "named", kept, cancel)
    model = Polyglot()
    with polyglot.recogniser(model) as engine:
        run(engine, lengths_ms, "named", kept, CancelToken())
    assert sorted(model.heard) == [9_000 * n for n in range(20, 30)]


def test_results_of_another_sound_are_of_no_use(engine: Recogniser, model: Polyglot) -> None:
    kept = KeptInMemory()
    run(engine, [9_000] * 6, "named", kept, CancelToken())
    model.heard.clear()
    other = [9_000, 9_000, 8_000, 9_000]
    found = run(engine, other, "named", kept, CancelToken())
    assert found == run(engine, other, "named", KeptInMemory(), CancelToken())
    assert sorted(model.heard)[:2] == [0, 9_000]
