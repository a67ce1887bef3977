"""The whole way from a film's sound to words, against the script its narrator spoke."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from polycue.domain.audio import Audio
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.request import DetectionOptions, SpeechOptions
from polycue.domain.transcript import Word, text_of
from polycue.engine.devices import Device, auto_model, choose
from polycue.engine.recogniser import Recogniser
from polycue.speech.cut import cut
from polycue.testing.engines import recogniser_in_threads

Samples = NDArray[np.float32]
Decoded = Callable[[Path], Samples]
Blocks = Callable[[Samples], Iterator[Audio]]


@pytest.fixture(scope="module")
def recogniser(repository: Path) -> Iterator[Recogniser]:
    models = repository / "demo" / "models" / "whisper"
    device = choose("cpu", threads=2)
    names = [folder.name for folder in models.iterdir()]
    made = recogniser_in_threads(models.joinpath, device, lambda: auto_model(device, names))
    yield made
    made.close()


@pytest.fixture(scope="module")
def words(repository: Path, recogniser: Recogniser, decoded: Decoded, blocks: Blocks) -> list[Word]:
    sound = decoded(repository / "demo" / "tour.mp4")
    chunks = cut(blocks(sound), DetectionOptions(), max_chunk_ms=recogniser.facts().max_chunk_ms)
    results = recogniser.transcribe(chunks, SpeechOptions(), cancel=CancelToken())
    return [word for result in results for word in result.words]


@pytest.fixture(scope="module")
def script(repository: Path) -> list[dict[str, object]]:
    text = (repository / "demo" / "script.json").read_text("utf-8")
    sentences: list[dict[str, object]] = json.loads(text)["sentences"]
    return sentences


def test_every_word_of_the_narrator_is_heard(
    words: list[Word], script: list[dict[str, object]]
) -> None:
    assert text_of(words) == " ".join(str(sentence["en"]) for sentence in script)


def test_every_sentence_starts_within_150_ms_of_the_narrator(
    words: list[Word], script: list[dict[str, object]]
) -> None:
    at = 0
    for sentence in script:
        start_ms = sentence["start_ms"]
        assert isinstance(start_ms, int)
        assert abs(words[at].start_ms - start_ms) <= 150, sentence["en"]
        at += len(str(sentence["en"]).split())


def test_no_word_is_said_where_nobody_speaks(
    words: list[Word], script: list[dict[str, object]]
) -> None:
    spans = [(s["start_ms"], s["end_ms"]) for s in script]
    for word in words:
        middle_ms = (word.start_ms + word.end_ms) // 2
        assert any(int(str(a)) - 150 <= middle_ms <= int(str(b)) + 150 for a, b in spans), word


def test_a_film_is_heard_the_same_by_one_worker_or_several_alone_or_beside_others(
    repository: Path, decoded: Decoded, blocks: Blocks
) -> None:
    """To the last digit that is told, on any number of threads; no chunk of it is in doubt."""
    models = repository / "demo" / "models" / "whisper"
    sound = decoded(repository / "demo" / "tour.mp4")
    chunks = list(cut(blocks(sound), DetectionOptions(), max_chunk_ms=10_000))
    never = CancelToken()

    def heard(films: int, threads: int, workers: int) -> list[list[Recognised]]:
        engine = recogniser_in_threads(models.joinpath, Device("cpu", 0, "int8", threads, workers))
        with contextlib.closing(engine), ThreadPoolExecutor(films) as callers:
            results = [
                engine.transcribe(chunks[n:], SpeechOptions(), cancel=never) for n in range(films)
            ]
            return list(callers.map(list, results))

    (alone,) = heard(1, threads=2, workers=1)
    assert heard(1, threads=1, workers=3) == [alone]
    assert heard(3, threads=1, workers=2) == [alone, alone[1:], alone[2:]]


@pytest.mark.parametrize(
    "name", ["jfk.flac", "hotwords.mp3", "multilingual.mp3", "stereo_diarization.wav"]
)
def test_real_voices_break_nothing(
    shared_data: Path, recogniser: Recogniser, decoded: Decoded, blocks: Blocks, name: str
) -> None:
    """The demo model cannot understand them; what it makes of them must still be sound."""
    sound = decoded(shared_data / "speech" / name)[: 60 * 16_000]
    chunks = list(cut(blocks(sound), DetectionOptions(), max_chunk_ms=10_000))
    assert chunks
    options = SpeechOptions(beam_size=1)
    results = list(recogniser.transcribe(chunks, options, cancel=CancelToken()))
    assert len(results) == len(chunks)
    for result, chunk in zip(results, chunks, strict=True):
        assert result.facts.start_ms == chunk.audio.start_ms
        for word in result.words:
            assert chunk.audio.start_ms <= word.start_ms <= word.end_ms <= chunk.audio.end_ms
            assert re.fullmatch(r"\S+( \S+)*", word.text)


@pytest.mark.parametrize(
    "name", ["jfk.flac", "hotwords.mp3", "multilingual.mp3", "stereo_diarization.wav"]
)
def test_real_voices_are_found_where_faster_whisper_finds_them(
    shared_data: Path, decoded: Decoded, blocks: Blocks, name: str
) -> None:
    from faster_whisper.vad import get_speech_timestamps

    from polycue.speech.vad import SpeechDetector

    sound = decoded(shared_data / "speech" / name)
    detector = SpeechDetector(DetectionOptions())
    spans = [span for block in blocks(sound) for span in detector.feed(block)]
    spans += detector.finish()
    theirs = get_speech_timestamps(sound, min_silence_duration_ms=300, speech_pad_ms=0)
    assert [(s.start_ms, s.end_ms) for s in spans] == [
        (s["start"] // 16, s["end"] // 16) for s in theirs
    ]
