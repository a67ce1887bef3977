"""Films that measure speed are cut into the same windows by polycue and by its peer."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from faster_whisper.vad import VadOptions, collect_chunks, get_speech_timestamps
from numpy.typing import NDArray

from polycue.domain.audio import Audio
from polycue.domain.request import DetectionOptions
from polycue.speech.cut import cut

Samples = NDArray[np.float32]
BLOCKS = 3


@pytest.fixture(scope="module")
def sound(repository: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(repository / "benchmarks"))
    try:
        yield importlib.import_module("scenarios.sound")
    finally:
        sys.path.pop(0)


def windows_of_peer(film: Samples) -> int:
    options = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160)
    return len(collect_chunks(film, get_speech_timestamps(film, options), max_duration=30)[0])


@pytest.mark.parametrize("gain", [1.0, 0.0625])
def test_each_block_of_a_film_is_one_window_for_both(
    sound: ModuleType, blocks: Callable[[Samples], Iterator[Audio]], gain: float
) -> None:
    film = sound.film_of([sound.block(n) for n in range(BLOCKS)]) * np.float32(gain)
    ours = list(cut(blocks(film), DetectionOptions(), max_chunk_ms=30_000))
    assert len(ours) == windows_of_peer(film) == BLOCKS


def test_a_clip_is_one_window_of_the_length_asked_for(
    sound: ModuleType, blocks: Callable[[Samples], Iterator[Audio]]
) -> None:
    clip = sound.clip(1, 5.0)
    assert sound.seconds(clip) == 5.0
    assert len(list(cut(blocks(clip), DetectionOptions(), max_chunk_ms=30_000))) == 1
