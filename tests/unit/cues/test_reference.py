"""The figures of benchmarks/segmentation.py, so that nobody loses them unawares."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from function_words import function_words, is_function_word
from polycue.cues.presets import rules_for
from polycue.domain.request import LayoutOptions


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    folder = repository / "benchmarks"
    file = folder / "segmentation.py"
    sys.path.insert(0, str(folder))  # where a script finds its neighbours
    spec = importlib.util.spec_from_file_location("benchmark_segmentation", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    sys.path.remove(str(folder))
    return module


def test_breaks_are_near_those_of_people(benchmark: ModuleType, shared_data: Path) -> None:
    sentences, people = benchmark.read(shared_data / "segmentation" / "amara.en")
    unseen, theirs = sentences[272:], people[272:]  # weights were chosen on those before
    found = benchmark.polycue(unseen, rules_for(LayoutOptions(), "en", None))
    scores = benchmark.score(unseen, theirs, found, "en")
    assert scores.any_break_f1 > 68
    assert scores.typed_f1 > 55
    assert scores.after_function_word <= 0.4  # two breaks; one of them cannot be avoided
    assert scores.lines_too_long == 0


# Ours, in the way people give talks; no weight was chosen on them.
FRENCH = Path(__file__).with_name("talks.fr")


def test_no_line_of_french_ends_with_a_function_word(benchmark: ModuleType) -> None:
    sentences = [line.split() for line in FRENCH.read_text(encoding="utf-8").splitlines()]
    found = benchmark.polycue(sentences, rules_for(LayoutOptions(), "fr", None))
    scores = benchmark.score(sentences, found, found, "fr")
    assert scores.after_function_word == 0
    assert scores.lines_too_long == 0
    filled = benchmark.whisper_writer(sentences)
    assert benchmark.score(sentences, found, filled, "fr").after_function_word > 30  # it counts


def test_the_measure_knows_elided_words_and_titles() -> None:
    words = ["qu'il", "jusqu’à", "l'eau", "M.", "puis", "de", "«de", "de,"]
    known = function_words("fr")
    assert known is not None
    assert [word for word in words if is_function_word(word, known)] == [
        "qu'il", "jusqu’à", "M.", "de", "«de",
    ]  # fmt: skip
    assert function_words("sw") is None


def test_peers_do_what_their_sources_say(benchmark: ModuleType) -> None:
    """As the packages' own output was compared with theirs, for all of the reference."""
    text = "We saw Mr. Smith there. He had dogs, two cats and a very old horse."
    words = text.split()
    assert lines(words, benchmark.stable_ts(words)) == [
        "We saw Mr. Smith there.",
        "He had dogs, two cats and a very old horse.",
    ]
    assert lines(words, benchmark.stable_ts_subgen(words)) == [
        "We saw Mr. Smith there. He had",
        "dogs, two cats and a very old horse.",
    ]
    assert lines(words, benchmark.whisperx(words, frozenset({"and"}))) == [
        "We saw Mr. Smith there. He",
        "had dogs, two cats and a very old horse.",
    ]


def lines(words: list[str], breaks: list[str]) -> list[str]:
    marked = "".join(
        f"{word}{'|' if given else ' '}" for word, given in zip(words, breaks, strict=True)
    )
    return marked.strip("|").split("|")


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
    assert scores.any_break_f1 == scores.typed_f1 == 100
    as_cue = benchmark.score(sentences, people, [["", "cue", "", "cue"]], "en")
    assert (as_cue.any_break_f1, as_cue.typed_f1) == (100, 0)
