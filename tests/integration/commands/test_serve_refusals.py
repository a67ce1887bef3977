"""A server that cannot start says why, and what to do."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from polycue.commands.serve import serve
from polycue.media import sandbox


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The command sets up logging for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        (["--listen=0.0.0.0:0"], 2, "other machines reach it"),
        (["--listen=0.0.0.0:0", "--tokens-file=t.toml"], 2, "in the clear: give --tls-cert"),
        (["--tls-cert=c.pem"], 2, "--tls-cert and --tls-key belong together"),
        (["--offline", "--source-host=films.example"], 2, "--offline forbids what --source-host"),
        (["--tls-client-ca=c.pem"], 2, "--tls-client-ca is of no use without"),
        (["--tls-cert=/nowhere/c.pem", "--tls-key=/nowhere/k.pem"], 1, "/nowhere/c.pem"),
        (["--tokens-file=/nowhere/t.toml"], 1, "/nowhere/t.toml: No such file"),
        (["--metrics-listen=unix:/run/m"], 2, "it is no HOST:PORT"),
        (["--listen=nowhere"], 2, "neither HOST:PORT nor unix:/PATH"),
        (["--max-calls=0"], 2, "--max-calls or POLYCUE_MAX_CALLS"),
        (["--max-calls=many"], 2, "'many' is not a valid integer"),
        (["--device=toaster"], 2, "toaster"),
        (["--ready-fd=987"], 2, "descriptor 987 is not open"),
        (["--model=large-v9"], 1, "polycue models"),
        (["--data-dir=/proc/1/nowhere"], 1, "/proc/1/nowhere"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_is_refused_with_a_reason(
    tmp_path: Path, flags: list[str], code: int, words: str
) -> None:
    folders = [f"--data-dir={tmp_path / 'data'}", f"--models-dir={tmp_path / 'models'}"]
    result = CliRunner().invoke(serve, [*folders, *flags])
    assert result.exit_code == code
    assert words in " ".join(result.output.split())


def test_a_kernel_without_a_layer_of_the_sandbox_is_refused_where_all_are_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "layers", lambda: {"landlock": False, "seccomp": True})
    flags = [f"--data-dir={tmp_path / 'data'}", "--require-sandbox"]
    result = CliRunner().invoke(serve, flags)
    assert result.exit_code == 1
    assert "this machine has no landlock" in " ".join(result.output.split())
