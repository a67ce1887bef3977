import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from demo.film import narration
from demo.train import grammar
from demo.train.speech import corpus

SCRIPT = Path(__file__).parents[3] / "demo" / "script.json"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(SCRIPT.read_text("utf-8"))
    return content


def test_no_sentence_of_the_film_was_ever_trained_on(script: dict[str, Any]) -> None:
    assert script["sentences"]
    for sentence in script["sentences"]:
        assert grammar.held_out(sentence["en"]), sentence["en"]


def test_the_script_is_what_the_narration_composes(script: dict[str, Any]) -> None:
    composed = [
        (line.sentence.en, line.sentence.es, line.sentence.de, scene.narrator.name)
        for scene in narration.scenes()
        for line in scene.lines
    ]
    written = [(s["en"], s["es"], s["de"], s["voice"]) for s in script["sentences"]]
    assert written == composed


def test_times_run_forward_and_stay_inside_the_film(script: dict[str, Any]) -> None:
    times = [time for s in script["sentences"] for time in (s["start_ms"], s["end_ms"])]
    assert all(isinstance(time, int) for time in times)
    assert all(earlier < later for earlier, later in pairwise([0, *times, script["duration_ms"]]))


def test_the_film_lasts_one_to_two_minutes_with_long_pauses(script: dict[str, Any]) -> None:
    assert 60_000 <= script["duration_ms"] <= 120_000
    sentences = script["sentences"]
    pauses_ms = [after["start_ms"] - before["end_ms"] for before, after in pairwise(sentences)]
    assert max(pauses_ms) > 2000
    assert min(pauses_ms) < 500


def test_two_narrators_speak_in_voices_the_model_knows(script: dict[str, Any]) -> None:
    voices = {sentence["voice"] for sentence in script["sentences"]}
    assert len(voices) == 2
    for voice in voices:
        _, _, variant = voice.partition("+")
        assert variant in corpus.TRAINED_VARIANTS
