import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import click.testing
import pytest

from polycue.commands.bars import size_text
from polycue.commands.models import models


@dataclass(frozen=True)
class Ran:
    code: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``polycue models`` on an empty store, as ``polycue`` does: it returns its exit code."""

    def invoke(*arguments: object) -> Ran:
        runner = click.testing.CliRunner(env={"POLYCUE_MODELS_DIR": str(tmp_path / "models")})
        result = runner.invoke(models, [str(a) for a in arguments], standalone_mode=False)
        if isinstance(result.exception, click.ClickException):
            message = f"Error: {result.exception.format_message()}\n"
            return Ran(result.exception.exit_code, result.stdout, result.stderr + message)
        if result.exception is not None:
            raise result.exception
        code = result.return_value if isinstance(result.return_value, int) else 0
        return Ran(code, result.stdout, result.stderr)

    return invoke


@pytest.fixture
def demo(repository: Path) -> Path:
    return repository / "demo" / "models"


def test_an_empty_store_says_how_to_fill_it(run: Run) -> None:
    result = run("list")
    assert result.code == 0
    assert "polycue models pull" in result.stdout


def test_import_then_list_then_verify(run: Run, demo: Path) -> None:
    assert "demo-en: installed" in run("import", demo).stdout
    assert "demo-en: already there" in run("import", demo).stdout
    shown = run("list").stdout
    assert all(name in shown for name in ("demo-en", "en:es", "en:de", "es:en"))
    assert "small world" in shown
    verified = run("verify")
    assert verified.code == 0
    assert verified.stdout.count("as it was installed") == 4


def test_verify_fails_on_a_changed_file(run: Run, demo: Path, tmp_path: Path) -> None:
    run("import", demo / "argos")
    (weights,) = (tmp_path / "models" / "argos").glob("translate-en_es-*/model/model.bin")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert run("verify", "en:de").code == 0
    result = run("verify")
    assert result.code == 1
    assert "model/model.bin has changed" in result.stdout
    (found,) = [each for each in json.loads(run("verify", "--json").stdout) if each["problems"]]
    assert found == {"name": "en:es", "problems": ["model/model.bin has changed"]}


def test_json_lists_what_is_there_and_what_can_be_had(run: Run, demo: Path) -> None:
    run("import", demo / "argos")
    listed = json.loads(run("list", "--available", "--offline", "--json").stdout)
    assert [model["name"] for model in listed["installed"]] == ["en:de", "en:es", "es:en"]
    assert all(model["demo"] and model["recorded"] for model in listed["installed"])
    small = next(model for model in listed["available"] if model["name"] == "small")
    assert small["licence"] == "MIT"
    assert len(small["revision"]) == 40


def test_the_catalogue_is_shown_in_eighty_columns(run: Run) -> None:
    shown = run("list", "--available", "--offline").stdout
    lines = shown[shown.index("Whisper models") :].splitlines()
    assert any("large-v3-turbo" in line and "1.6 GB" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_pull_does_what_it_can_and_tells_of_the_rest(run: Run, demo: Path) -> None:
    run("import", demo / "argos")
    result = run("pull", "--offline", "en:es", "tiny", "nope", "en:xyzzy")
    assert result.code == 1
    assert result.stdout == "en:es: already there, 2 MB\n"
    errors = result.stderr.splitlines()
    assert [line.startswith("Error: ") for line in errors] == [True] * 3
    assert "--offline" in errors[0]
    assert "polycue models list --available" in errors[1]


def test_pull_tells_scripts_in_json(run: Run) -> None:
    result = run("pull", "--offline", "--json", "tiny")
    assert result.code == 1
    (outcome,) = json.loads(result.stdout)
    assert (outcome["name"], outcome["state"]) == ("tiny", "failed")


def test_import_of_nothing_fails_with_a_line(run: Run, tmp_path: Path) -> None:
    result = run("import", tmp_path / "nowhere")
    assert result.code == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_verify_of_what_is_not_there_fails(run: Run) -> None:
    result = run("verify", "tiny")
    assert result.code == 1
    assert "polycue models pull tiny" in result.stderr


@pytest.mark.parametrize("arguments", [("pull",), ("import",), ("nonsense",), ("list", "--x")])
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 kB"), (1_800, "2 kB"), (486_212_372, "486 MB"), (3_090_835_702, "3.1 GB")],
)
def test_sizes_read_as_on_a_shop_shelf(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text
