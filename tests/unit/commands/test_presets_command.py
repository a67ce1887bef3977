import json
from pathlib import Path

import pytest

from polycue_client.cli.app import run


def test_presets_are_listed_and_the_default_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["bbc", "netflix", "raw", "ted", "youtube"]
    assert [line.split()[0] for line in lines if "(the default)" in line] == ["netflix"]


def test_the_numbers_of_one_are_shown_for_a_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", "netflix", "-l", "Dutch", "--audience", "children"]) == 0
    shown = capsys.readouterr().out
    assert "for subtitles in nl, for children" in shown
    rows = dict(line.strip().split("  ", 1) for line in shown.splitlines() if line[:2] == "  ")
    assert rows["characters a second"].strip() == "13"
    assert rows["shortest stay, s"].strip() == "0.833"
    assert rows["words a minute"].strip() == "no rule"
    assert rows["a speaker begins with"].strip() == "-X, the second one only"


def test_what_is_no_rule_is_null_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", "--json"]) == 0
    found = {preset["name"]: preset["rules"] for preset in json.loads(capsys.readouterr().out)}
    assert found["netflix"]["max_line_chars"] == 42
    assert set(found["raw"].values()) == {None}


def test_a_file_of_ones_own_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "house.json"
    file.write_text('{"extends": "ted", "default": {"max_line_count": 1}}')
    assert run(["presets", str(file)]) == 0
    assert "lines in a cue                  1" in capsys.readouterr().out
    file.write_text('{"default": {"lines": 1}}')
    assert run(["presets", str(file)]) == 1
    assert "house.json: [default] there is no 'lines' here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nonsense"], "there is bbc, netflix"),
        (["missing.toml"], "missing.toml: No such file"),
        (["netflix", "-l", "gibberish"], "is not a language"),
    ],
)
def test_what_is_not_there_is_told(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["presets", *args]) == 1
    assert said in capsys.readouterr().err
