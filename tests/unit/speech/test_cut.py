import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from polycue.domain.audio import Audio, Span
from polycue.domain.chunk import Chunk
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import DetectionOptions
from polycue.speech.cut import cut
from polycue.speech.vad import SpeechDetector

Samples = NDArray[np.float32]
Recording = Callable[..., Samples]
Blocks = Callable[..., Iterator[Audio]]

OPTIONS = DetectionOptions()
PATTERNS = st.lists(st.integers(100, 1_500) | st.integers(1_500, 9_000), min_size=2, max_size=9)


def shape(chunks: list[Chunk]) -> list[tuple[int, int, tuple[Span, ...]]]:
    return [(chunk.audio.start_ms, chunk.audio.end_ms, chunk.speech) for chunk in chunks]


@settings(max_examples=25)
@given(
    pattern=PATTERNS,
    max_chunk_ms=st.sampled_from([2_000, 5_000, 10_000, 30_000]),
    padding_ms=st.sampled_from([0, 30, 200, 500]),
    min_silence_ms=st.sampled_from([0, 300, 2_000]),
    start_ms=st.sampled_from([0, 2_345]),
)
def test_chunks_are_in_order_apart_short_enough_and_hold_all_speech(
    recording: Recording,
    blocks: Blocks,
    pattern: list[int],
    max_chunk_ms: int,
    padding_ms: int,
    min_silence_ms: int,
    start_ms: int,
) -> None:
    sound = recording(*pattern)
    options = DetectionOptions(min_silence_ms=min_silence_ms, padding_ms=padding_ms)
    chunks = list(cut(blocks(sound, 9_999, start_ms), options, max_chunk_ms=max_chunk_ms))

    finest = DetectionOptions(min_silence_ms=min(96, min_silence_ms))
    detector = SpeechDetector(finest)
    speech = [s for block in blocks(sound, 16_000, start_ms) for s in detector.feed(block)]
    speech += detector.finish()
    for one, other in pairwise(chunks):
        assert one.audio.end_ms <= other.audio.start_ms
    for chunk in chunks:
        first = (chunk.audio.start_ms - start_ms) * 16
        assert np.array_equal(chunk.audio.samples, sound[first : first + len(chunk.audio.samples)])
        assert 0 < chunk.audio.duration_ms <= max_chunk_ms
        assert chunk.audio.start_ms <= chunk.speech[0].start_ms
        assert chunk.speech[-1].end_ms <= chunk.audio.end_ms
        assert all(a.end_ms < b.start_ms for a, b in pairwise(chunk.speech))
    pieces = [span for chunk in chunks for span in chunk.speech]
    for span in speech:  # in one piece, or in several where it was longer than a chunk
        inside = [p for p in pieces if span.start_ms <= p.start_ms and p.end_ms <= span.end_ms]
        assert (inside[0].start_ms, inside[-1].end_ms) == (span.start_ms, span.end_ms)
        assert all(a.end_ms == b.start_ms for a, b in pairwise(inside))
    assert bool(speech) == bool(pieces)


@settings(max_examples=15)
@given(pattern=PATTERNS, size=st.integers(1_000, 60_000))
def test_where_blocks_are_cut_changes_nothing(
    recording: Recording, blocks: Blocks, pattern: list[int], size: int
) -> None:
    sound = recording(*pattern)
    whole = cut(blocks(sound, len(sound)), OPTIONS, max_chunk_ms=5_000)
    assert shape(list(cut(blocks(sound, size), OPTIONS, max_chunk_ms=5_000))) == shape(list(whole))


def test_a_full_chunk_ends_at_its_longest_pause(recording: Recording, blocks: Blocks) -> None:
    sound = recording(500, 3_000, 350, 2_000, 620, 2_000, 350, 2_500, 500)
    one, other = cut(blocks(sound), OPTIONS, max_chunk_ms=10_000)
    assert one.audio.end_ms < 500 + 3_000 + 350 + 2_000 + 620 < other.audio.start_ms + 250
    assert (len(one.speech), len(other.speech)) == (2, 2)


def test_between_equal_pauses_the_later_one_fills_the_chunk(
    recording: Recording, blocks: Blocks
) -> None:
    sound = recording(500, 2_500, 400, 2_500, 400, 2_500, 400, 2_500, 500)
    first, *_ = cut(blocks(sound), OPTIONS, max_chunk_ms=10_000)
    assert len(first.speech) == 3


def test_a_pause_below_the_least_silence_is_cut_only_for_want_of_a_longer_one(
    recording: Recording, blocks: Blocks
) -> None:
    sound = recording(500, 2_000, 640, 5_500, 450, 3_000, 500)
    short, *_ = cut(blocks(sound), DetectionOptions(min_silence_ms=150), max_chunk_ms=10_000)
    long, *_ = cut(blocks(sound), DetectionOptions(min_silence_ms=480), max_chunk_ms=10_000)
    assert (len(short.speech), len(long.speech)) == (2, 1)


def test_speech_without_a_pause_is_cut_where_it_is_quietest(
    recording: Recording, blocks: Blocks
) -> None:
    sound = recording(320, 14_000, 500)
    dip = slice(7_500 * 16, 7_570 * 16)  # too short for a pause
    sound[dip] *= 0.05
    one, other = cut(blocks(sound), OPTIONS, max_chunk_ms=10_000)
    assert abs(one.audio.end_ms - 7_535) <= 50
    assert one.audio.end_ms == other.audio.start_ms == one.speech[-1].end_ms


def test_a_chunk_comes_as_soon_as_the_pause_behind_it_is_long_enough(
    recording: Recording, blocks: Blocks
) -> None:
    sound = recording(500, 1_500, 60_000)
    read = itertools.count()
    stream = (block for block in blocks(sound) if next(read) >= 0)
    chunk = next(cut(stream, OPTIONS, max_chunk_ms=30_000))
    assert chunk.speech[0].end_ms < 2_300
    assert next(read) <= 5  # one-second blocks: 2 s of speech, 2 s of pause, one to be sure


def test_endless_speech_comes_out_while_it_lasts(recording: Recording, blocks: Blocks) -> None:
    read = itertools.count()
    stream = (block for block in blocks(recording(0, 58_000)) if next(read) >= 0)
    next(cut(stream, OPTIONS, max_chunk_ms=10_000))
    assert next(read) <= 11


def test_padding_is_shared_by_neighbours_and_ends_with_the_sound(
    recording: Recording, blocks: Blocks
) -> None:
    sound = recording(64, 3_000, 300, 3_000, 64)
    options = DetectionOptions(padding_ms=400)
    one, other = cut(blocks(sound), options, max_chunk_ms=5_000)
    pause = Span(one.speech[-1].end_ms, other.speech[0].start_ms)
    assert one.audio.end_ms == other.audio.start_ms == (pause.start_ms + pause.end_ms) // 2
    assert (one.audio.start_ms, other.audio.end_ms) == (0, len(sound) // 16)


@pytest.mark.parametrize("length", [0, 1, 160_000])
def test_silence_gives_no_chunk(recording: Recording, blocks: Blocks, length: int) -> None:
    assert list(cut(blocks(np.zeros(length, np.float32)), OPTIONS, max_chunk_ms=10_000)) == []


def test_memory_does_not_grow_with_the_recording(recording: Recording, blocks: Blocks) -> None:
    sound = recording(*[500, 6_000] * 6)

    def peak(repeats: int) -> int:
        stream = (
            Audio(block.samples, n * len(sound) // 16 + block.start_ms)
            for n in range(repeats)
            for block in blocks(sound)
        )
        tracemalloc.start()
        for _ in cut(stream, OPTIONS, max_chunk_ms=10_000):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak_bytes

    peak(1)  # what is loaded once
    assert peak(6) < 1.2 * peak(1)


def test_blocks_that_do_not_follow_each_other_are_a_mistake() -> None:
    silence = np.zeros(16_000, np.float32)
    with pytest.raises(ValueError, match="does not follow"):
        list(cut([Audio(silence, 0), Audio(silence, 1_500)], OPTIONS, max_chunk_ms=10_000))


@pytest.mark.parametrize("padding_ms", [-1, 2_501])
def test_padding_out_of_range_is_refused_before_any_sound_is_read(padding_ms: int) -> None:
    with pytest.raises(InvalidRequest, match="padding_ms"):
        cut(iter(()), DetectionOptions(padding_ms=padding_ms), max_chunk_ms=10_000)
