import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from polycue.domain.audio import Audio, Span
from polycue.domain.errors import InvalidRequest
from polycue.domain.request import DetectionOptions
from polycue.speech.vad import WINDOW_MS, SpeechDetector

Samples = NDArray[np.float32]
Recording = Callable[..., Samples]
Blocks = Callable[..., Iterator[Audio]]

DEFAULT = DetectionOptions()


def detect(blocks: Iterable[Audio], options: DetectionOptions = DEFAULT) -> list[Span]:
    detector = SpeechDetector(options)
    spans = [span for block in blocks for span in detector.feed(block)]
    return spans + detector.finish()


def test_speech_is_found_where_it_is(recording: Recording, blocks: Blocks) -> None:
    spans = detect(blocks(recording(1000, 2000, 800, 3000, 900)))
    assert len(spans) == 2
    for found, true in zip(spans, (Span(1000, 3000), Span(3800, 6800)), strict=True):
        assert abs(found.start_ms - true.start_ms) <= 3 * WINDOW_MS
        assert abs(found.end_ms - true.end_ms) <= 5 * WINDOW_MS


@pytest.mark.parametrize("start_ms", [0, 2_000, 7_200_000])
def test_spans_are_on_the_clock_of_the_media(
    recording: Recording, blocks: Blocks, start_ms: int
) -> None:
    sound = recording(640, 1500, 640)
    moved = [
        Span(s.start_ms + start_ms, s.end_ms + start_ms) for s in detect(blocks(sound, 16_000))
    ]
    assert detect(blocks(sound, 16_000, start_ms)) == moved


@pytest.mark.parametrize("options", [
    DetectionOptions(min_silence_ms=ms, threshold=threshold)
    for ms in (0, 100, 300, 2000) for threshold in (0.3, 0.5, 0.9)
], ids=repr)  # fmt: skip
def test_spans_equal_those_of_faster_whisper_on_the_whole_sound(
    recording: Recording, blocks: Blocks, options: DetectionOptions
) -> None:
    from faster_whisper.vad import get_speech_timestamps

    for pattern in (
        (300, 900, 200, 1200, 450, 700, 2200, 800, 130, 500),
        (0, 4000),
        (700, 33, 900),
    ):
        sound = recording(*pattern)
        theirs = get_speech_timestamps(
            sound,
            threshold=options.threshold,
            min_silence_duration_ms=options.min_silence_ms,
            speech_pad_ms=0,
        )
        assert [(s.start_ms, s.end_ms) for s in detect(blocks(sound, 5_000), options)] == [
            (s["start"] // 16, s["end"] // 16) for s in theirs
        ]


def test_a_sound_of_whole_windows_is_compared_with_no_window_more(recording: Recording) -> None:
    """A film of two minutes that ends in nearly enough silence was said to have other spans."""
    from front_end_same import Sameness, compare_spans

    voice = recording(300, 2000, 1000)
    (spoken, *_) = detect([Audio(voice, 0)])
    sound = voice[: (spoken.end_ms + 10 * WINDOW_MS) * 16]
    assert len(sound) % (WINDOW_MS * 16) == 0
    same = Sameness([])
    compare_spans(sound, DetectionOptions(min_silence_ms=300), same)
    assert (same.spans, same.other_spans) == (1, 0)


@settings(max_examples=15)
@given(sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=12))
def test_where_blocks_are_cut_changes_nothing(
    recording: Recording, blocks: Blocks, sizes: list[int]
) -> None:
    sound = recording(500, 1100, 350, 900, 600, 250, 2500)

    def uneven() -> Iterator[Audio]:
        first = 0
        while first < len(sound):
            size = sizes[first % len(sizes)]
            yield Audio(sound[first : first + size], first // 16)
            first += size

    assert detect(uneven()) == detect(blocks(sound, len(sound)))


@pytest.mark.parametrize("sound", [
    np.zeros(160_000, np.float32),
    np.random.default_rng(1).normal(0, 0.1, 160_000).astype(np.float32),
    np.sin(np.arange(160_000) / 16_000 * 2 * np.pi * 440).astype(np.float32),
    np.ones(160_000, np.float32),
    np.zeros(0, np.float32),
    np.zeros(1, np.float32),
], ids=["silence", "noise", "tone", "direct current", "nothing", "one sample"])  # fmt: skip
def test_what_is_no_speech_gives_no_span(blocks: Blocks, sound: Samples) -> None:
    assert detect(blocks(sound)) == []


def test_speech_that_the_recording_cuts_off_ends_with_it(
    recording: Recording, blocks: Blocks
) -> None:
    (span,) = detect(blocks(recording(500, 1003)))
    assert span.end_ms == 1503


def test_speech_is_open_while_it_lasts_and_never_grows_shorter(
    recording: Recording, blocks: Blocks
) -> None:
    detector, seen = SpeechDetector(DetectionOptions()), list[Span]()
    for block in blocks(recording(500, 3000, 200), 2_000):
        detector.feed(block)
        if detector.open:
            seen.append(detector.open)
    assert len({span.start_ms for span in seen}) == 1
    assert all(one.end_ms <= other.end_ms for one, other in pairwise(seen))
    assert seen[-1].end_ms > 3000


@pytest.mark.parametrize("options", [
    DetectionOptions(threshold=0), DetectionOptions(threshold=1.01),
    DetectionOptions(threshold=float("nan")), DetectionOptions(min_silence_ms=-1),
], ids=repr)  # fmt: skip
def test_options_out_of_range_are_refused(options: DetectionOptions) -> None:
    with pytest.raises(InvalidRequest):
        SpeechDetector(options)


def test_the_detector_does_not_load_the_engines() -> None:
    code = (
        "import sys; from polycue.domain.request import DetectionOptions;"
        "from polycue.speech.vad import SpeechDetector; SpeechDetector(DetectionOptions());"
        "print(*{'faster_whisper', 'ctranslate2', 'av'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
