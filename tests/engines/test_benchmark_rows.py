"""What the table of speed says of rounds that were finished, and of figures that do not count."""

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def scenarios(repository: Path) -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(repository / "benchmarks"))
    names = ("peer", "place", "rounds", "table")
    try:
        yield {name: importlib.import_module(f"scenarios.{name}") for name in names}
    finally:
        sys.path.pop(0)


def test_rounds_that_were_finished_are_there_when_a_later_one_fails(
    scenarios: dict[str, Any],
) -> None:
    heard: list[str] = []

    def side(files: Sequence[Path]) -> Any:
        heard.append(files[0].name)
        if len(heard) > 2:
            raise SystemExit("broken off")
        return scenarios["peer"].Heard(1.0, [[60]])

    pace = scenarios["rounds"].Pace("smoke", rounds=3, limit_s=60)
    rounds = scenarios["rounds"].interleaved(
        {"a side": side}, [Path("film")], pace, warm_up=[Path("warm")]
    )
    assert len(next(rounds)["a side"]) == 1
    with pytest.raises(SystemExit):
        next(rounds)
    assert heard == ["warm", "film", "film"]


def test_a_fine_ratio_of_outputs_that_differ_is_missed(scenarios: dict[str, Any]) -> None:
    row = scenarios["rounds"].Row("a row", [9.0], 4.5, at_least=True, flaw="outputs differ")
    shown = scenarios["table"].shown(row.as_json())
    assert shown.startswith("missed")
    assert "OUTPUTS DIFFER" in shown


def test_what_left_no_result_is_told_as_not_measured(
    scenarios: dict[str, Any], tmp_path: Path
) -> None:
    place = scenarios["place"].Place()
    (row,) = scenarios["table"].collected(["clips"], "quick", place, tmp_path)
    assert scenarios["table"].shown(row) == "not measured clips"


def test_results_of_a_gpu_do_not_replace_those_of_a_cpu(
    scenarios: dict[str, Any], tmp_path: Path
) -> None:
    place, path = scenarios["place"].Place, scenarios["table"].path
    on_cpu, on_gpu = place(), place("cuda", "float16")
    assert path(tmp_path, "clips", "full", on_cpu).name == "clips.json"
    assert path(tmp_path, "clips", "full", on_gpu).name == "clips-cuda-float16.json"


def test_the_table_goes_between_the_marks_of_the_readme_again_and_again(
    scenarios: dict[str, Any], repository: Path, tmp_path: Path
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text((repository / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    row = scenarios["rounds"].Row("a row", [2.0], 1.5, at_least=True).as_json()
    scenarios["table"].write_into(readme, [row])
    once = readme.read_text(encoding="utf-8")
    scenarios["table"].write_into(readme, [row])
    assert readme.read_text(encoding="utf-8") == once
    assert once.count("| a row | **2x** (2 to 2) | at least 1.5x | reached |") == 1
