from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model
from numpy.typing import NDArray

from polycue.domain.errors import ModelDamaged
from polycue.speech import silero
from polycue.speech.onnx_format import Nodes, OnnxFile
from polycue.speech.silero import WINDOW, Silero
from polycue.speech.silero_graph import in_matrix_form

Samples = NDArray[np.float32]
Sounds = dict[str, NDArray[np.floating]]
Recording = Callable[..., Samples]
THRESHOLDS = [threshold / 20 for threshold in range(1, 20)]


def whole(samples: NDArray[np.floating]) -> Samples:
    return samples[: len(samples) // WINDOW * WINDOW].astype(np.float32)


@pytest.fixture(scope="module")
def sounds(recording: Recording) -> Sounds:
    time = np.arange(60 * 16_000) / 16_000
    noise = np.random.default_rng(3).standard_normal(len(time)) * 0.1
    chord = sum(np.sin(2 * np.pi * tone * time) for tone in (220, 277.2, 329.6)) * 0.2
    pulse = 0.5 + 0.5 * np.sin(2 * np.pi * 2 * time)
    speech = recording(300, 900, 200, 5000, 450, 700, 2200, 8000, 130, 9000)
    return {
        "speech": speech,
        "speech in noise": speech + noise[: len(speech)] * 0.3,
        "music": chord * pulse,
        "noise": noise,
        "silence": np.zeros(len(time)),
        "clipped": np.sign(chord),
        "faint": speech * 1e-4,
    }


def original(samples: Samples) -> Samples:
    """By faster-whisper, with a window behind, for it silences the end of the last one."""
    found: Samples = get_vad_model()(np.pad(samples, (0, WINDOW)))
    return found[:-1]


@pytest.mark.parametrize(
    "name", ["speech", "speech in noise", "music", "noise", "silence", "clipped", "faint"]
)
def test_every_decision_is_that_of_the_original(sounds: Sounds, name: str) -> None:
    samples = whole(sounds[name])
    ours, theirs = Silero().probabilities(samples), original(samples)
    assert np.abs(ours - theirs).max() < 1e-4
    for threshold in THRESHOLDS:
        assert ((ours >= threshold) == (theirs >= threshold)).all()


@pytest.mark.parametrize("size", [1, 2, 31, 400])
def test_the_state_is_carried_from_block_to_block(sounds: Sounds, size: int) -> None:
    samples, silero = whole(sounds["speech"]), Silero()
    blocks = range(0, len(samples), size * WINDOW)
    pieces = [silero.probabilities(samples[at : at + size * WINDOW]) for at in blocks]
    assert np.abs(np.concatenate(pieces) - Silero().probabilities(samples)).max() < 1e-5


def test_recordings_heard_at_the_same_time_do_not_hear_each_other(
    sounds: Sounds,
) -> None:
    recordings = [whole(sounds["speech"])[WINDOW * n :] for n in range(6)]

    def heard(samples: Samples) -> Samples:
        silero = Silero()
        blocks = np.split(samples, range(31 * WINDOW, len(samples), 31 * WINDOW))
        return np.concatenate([silero.probabilities(block) for block in blocks])

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(heard, recordings))
    for alone, found in zip(map(heard, recordings), together, strict=True):
        assert (alone == found).all()


def test_a_network_of_another_version_is_refused() -> None:
    given = OnnxFile(silero._weights().read_bytes())
    nodes = Nodes()
    nodes.add("Sigmoid", "input", to="speech_probs")
    with pytest.raises(ValueError, match="not version 6"):
        in_matrix_form(given.with_nodes(nodes))


@pytest.mark.parametrize("data", [b"", b"no model", b"\x08\x08"], ids=["empty", "text", "bare"])
def test_a_file_that_is_no_network_is_told_by_its_name(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "silero.onnx"
    file.write_bytes(data)
    with pytest.raises(ModelDamaged, match=r"silero\.onnx"):
        silero._opened(file)
