"""The figures of benchmarks/segmentation.py, so that nobody loses them unawares."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from polycue.cues.presets import rules_for
from polycue.domain.request import LayoutOptions


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    file = repository / "benchmarks" / "segmentation.py"
    spec = importlib.util.spec_from_file_location("benchmark_segmentation", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_breaks_are_near_those_of_people(benchmark: ModuleType, shared_data: Path) -> None:
    sentences, people = benchmark.read(shared_data / "segmentation" / "amara.en")
    unseen, theirs = sentences[272:], people[272:]  # weights were chosen on those before
    found = benchmark.polycue(unseen, rules_for(LayoutOptions(), "en", None))
    scores = benchmark.score(unseen, theirs, found, "en")
    assert scores.any_break_f1 > 66
    assert scores.typed_break_f1 > 53
    assert scores.after_function_word < 1
    assert scores.lines_too_long == 0


def test_the_measure_is_that_of_the_reference(benchmark: ModuleType, shared_data: Path) -> None:
    """Figures of whisper's writer, measured apart from this code."""
    sentences, people = benchmark.read(shared_data / "segmentation" / "amara.en")
    scores = benchmark.score(sentences, people, benchmark.whisper_writer(sentences), "en")
    assert (scores.any_break_f1, scores.cue_break_f1) == (
        pytest.approx(13.3, abs=0.05),
        pytest.approx(9.0, abs=0.05),
    )
    assert scores.cues == 618


def test_a_system_that_breaks_like_people_scores_in_full(benchmark: ModuleType) -> None:
    sentences = [["One", "two", "three", "four."]]
    people = [["", "line", "", "cue"]]
    scores = benchmark.score(sentences, people, people, "en")
    assert scores.any_break_f1 == scores.typed_break_f1 == 100
    as_cue = benchmark.score(sentences, people, [["", "cue", "", "cue"]], "en")
    assert (as_cue.any_break_f1, as_cue.typed_break_f1) == (100, 0)
