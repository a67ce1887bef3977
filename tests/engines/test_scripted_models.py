"""Models that measure speed write what their script says, however they are run."""

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ctranslate2
import numpy as np
import pytest
from numpy.typing import NDArray

PROMPT = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
LEVELS = (-0.7, -0.55, -0.4)  # means of log-mel frames, 6 dB apart

Frames = NDArray[np.float32]


@pytest.fixture(scope="module")
def write(
    benchmark_models: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    def written(**script: Any) -> Path:
        folder: Path = tmp_path_factory.mktemp("scripted") / "tiny"
        wanted = benchmark_models.Script(**script)
        benchmark_models.write_whisper(folder, benchmark_models.GEOMETRIES["tiny"], script=wanted)
        return folder

    return written


def loaded(folder: Path, compute_type: str = "int8") -> Any:
    return ctranslate2.models.Whisper(str(folder), compute_type=compute_type, intra_threads=2)


def frames(*levels: float) -> Frames:
    chance = np.random.default_rng(3)
    noise = chance.normal(0, 0.3, (len(levels), 80, 3000))
    return np.asarray(noise + np.array(levels)[:, None, None], np.float32)


def heard(model: Any, features: Frames, beam_size: int) -> list[Any]:
    encoded = model.encode(ctranslate2.StorageView.from_array(features))
    found: list[Any] = model.generate(
        encoded, [PROMPT] * len(features), beam_size=beam_size, return_scores=True
    )
    return found


@pytest.mark.parametrize("beam_size", [1, 5])
@pytest.mark.parametrize("compute_type", ["int8", "float32"])
def test_a_script_is_written_to_the_word_with_full_confidence(
    write: Callable[..., Path], benchmark_models: ModuleType, compute_type: str, beam_size: int
) -> None:
    model = loaded(write(tokens=25), compute_type)
    first = benchmark_models.FIRST_WORD
    for found in heard(model, frames(-0.6, 0.1), beam_size):
        assert found.sequences_ids[0] == list(range(first, first + 25))
        assert math.isclose(found.scores[0], 0, abs_tol=0.01)


@pytest.mark.parametrize("beam_size", [1, 5])
def test_louder_sound_is_written_with_more_words_alone_and_in_a_batch(
    write: Callable[..., Path], benchmark_models: ModuleType, beam_size: int
) -> None:
    thresholds = benchmark_models.rising(LEVELS)
    model = loaded(write(tokens=20, levels=thresholds, more=10))
    wanted = [20, 30, 40]
    sounds = frames(*LEVELS)
    together = heard(model, sounds, beam_size)
    assert [len(found.sequences_ids[0]) for found in together] == wanted
    alone = [heard(model, sound[None], beam_size)[0] for sound in sounds]
    assert [len(found.sequences_ids[0]) for found in alone] == wanted


def test_attention_moves_along_the_sound_at_the_pace_of_the_script(
    write: Callable[..., Path], benchmark_models: ModuleType
) -> None:
    model = loaded(write(tokens=40, token_ms=500))
    encoded = model.encode(ctranslate2.StorageView.from_array(frames(-0.6)))
    first = benchmark_models.FIRST_WORD
    sot = [50258, 50259, 50359]
    (aligned,) = model.align(encoded, sot, [list(range(first, first + 40))], [3000])
    begins_s = {token: frame * 0.02 for token, frame in reversed(aligned.alignments)}
    assert {n: at for n, at in begins_s.items() if abs(at - 0.5 * n) > 0.6} == {}


def test_english_is_heard_in_everything(write: Callable[..., Path]) -> None:
    model = loaded(write(tokens=5))
    encoded = model.encode(ctranslate2.StorageView.from_array(frames(-0.6)))
    ((likeliest, probability), *_) = model.detect_language(encoded)[0]
    assert likeliest == "<|en|>"
    assert probability > 0.99
