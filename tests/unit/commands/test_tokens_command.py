from pathlib import Path

import pytest

from polycue.domain.errors import TokenExpired
from polycue.rpc.access.callers import Allowance
from polycue.rpc.access.callers_file import read_callers
from polycue_client.cli.app import run

SUMMER_2027_MS = 1_814_313_600_000


def test_a_token_is_told_once_and_its_hash_lets_it_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens.toml"
    made = []
    for tenant, more in (
        ("films", ["--name", 'the "build" server']),
        ("news", ["--expires", "2027-06-30"]),
    ):
        assert run(["tokens", "new", "--tenant", tenant, "--file", str(file), *more]) == 0
        made.append(capsys.readouterr().out.strip())
    assert file.stat().st_mode & 0o777 == 0o600
    assert not any(token in file.read_text() for token in made)
    callers = read_callers(file, Allowance())
    assert [callers.by_token(token, now_ms=0) for token in made] == ["films", "news"]
    assert callers.tokens[0].name == 'the "build" server'
    with pytest.raises(TokenExpired):
        callers.by_token(made[1], now_ms=SUMMER_2027_MS)
    assert callers.by_token(made[1], now_ms=SUMMER_2027_MS - 1) == "news"


def test_a_file_is_shown_without_what_would_let_anybody_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens.toml"
    made = ["new", "--tenant", "films", "--name", "build", "--expires", "2027-06-30"]
    assert run(["tokens", *made, "--file", str(file)]) == 0
    token = capsys.readouterr().out.strip()
    with file.open("a") as lines:
        lines.write('[[certificates]]\ntenant = "news"\nidentity = "dns:desk"\n')
    assert run(["tokens", "list", "--file", str(file)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("films  token ")
    assert shown[0].endswith("…  until 2027-06-30 00:00 UTC  build")
    assert shown[1] == "news  certificate dns:desk"
    assert token not in "".join(shown)
    file.write_text("= 1")
    assert run(["tokens", "list", "--file", str(file)]) == 1
    assert "is no TOML" in capsys.readouterr().err


def test_without_a_file_the_lines_to_add_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POLYCUE_TOKENS_FILE", raising=False)
    assert run(["tokens", "new", "--tenant", "films"]) == 0
    shown = capsys.readouterr()
    file = tmp_path / "tokens.toml"
    file.write_text(shown.err[shown.err.index("[[tokens]]") :])
    assert read_callers(file, Allowance()).by_token(shown.out.strip(), now_ms=0) == "films"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--tenant", "a b"], "letters, digits"),
        (["--tenant", "films", "--expires", "soon"], "no date"),
        (["--tenant", "films", "--name", "a\nb"], "cannot be shown"),
    ],
)
def test_what_is_no_tenant_or_day_is_refused(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["tokens", "new", *args]) == 2
    assert words in capsys.readouterr().err


def test_nothing_is_added_to_a_file_that_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text("[[tokens]]\ntenant = 3\n")
    assert run(["tokens", "new", "--tenant", "films", "--file", str(file)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "tokens.0.tenant" in shown.err
    assert file.read_text().count("[[tokens]]") == 1
