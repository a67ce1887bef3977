from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from polycue.commands.serve import env_of, flag_of, serve
from polycue.config import Settings


def test_every_setting_is_a_flag_with_a_description() -> None:
    flags = {flag for option in serve.params for flag in option.opts}
    for name, field in Settings.model_fields.items():
        assert flag_of(name) in flags
        assert field.description, name


def test_the_help_names_every_setting_and_its_variable() -> None:
    text = CliRunner().invoke(serve, ["--help"], terminal_width=200).output
    for name in Settings.model_fields:
        assert flag_of(name) in text
        assert env_of(name) in text


def test_every_setting_is_documented(repository: Path) -> None:
    rows = {
        line.split("|")[1].strip(): line
        for line in (repository / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `--") and "POLYCUE_" in line
    }
    for name, field in Settings.model_fields.items():
        row = rows.pop(f"`{flag_of(name)}`")
        assert f"`{env_of(name)}`" in row
        assert field.description is not None
        assert field.description in row
        if not field.default_factory and field.default not in {None, ()}:
            value = str(field.default)
            assert f"`{value.lower() if isinstance(field.default, bool) else value}`" in row
    assert not rows, "settings that are no more"


def test_a_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYCUE_MAX_CALLS", "7")
    monkeypatch.setenv("POLYCUE_FILE_ROOT", "/films:/series")
    monkeypatch.setenv("POLYCUE_SERVER", "elsewhere:1")  # the client's own, and none of ours
    assert Settings().max_calls == 7
    assert Settings(max_calls=3).max_calls == 3
    assert Settings().file_root == (Path("/films"), Path("/series"))


@pytest.mark.parametrize("index", ["1,", "-1", "none", "0, 1", ""])
def test_devices_are_named_by_their_numbers_or_all(index: str) -> None:
    assert Settings(device_index="0,12").device_index == "0,12"
    assert Settings(device_index="all").device_index == "all"
    with pytest.raises(ValidationError, match="device_index"):
        Settings(device_index=index)


def test_threads_of_a_server_have_one_device() -> None:
    with pytest.raises(ValidationError, match="one --device-index"):
        Settings(engine="threads", device_index="0,1")


def test_sources_are_named_by_flags_and_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POLYCUE_SOURCE_HOST", "films.example,*.cdn.example:8443")
    monkeypatch.setenv("POLYCUE_SOURCE_NETWORK", "10.1.0.0/16,fd00::/8")
    settings = Settings(source_bucket=("films/2026",))
    assert settings.source_host == ("films.example", "*.cdn.example:8443")
    assert [str(network) for network in settings.source_network] == ["10.1.0.0/16", "fd00::/8"]
    assert settings.source_bucket == ("films/2026",)


@pytest.mark.parametrize(
    "given",
    [
        {"source_host": ("https://films.example",)},
        {"source_host": ("films.example/a",)},
        {"source_network": ("10.0.0.1/8",)},
        {"files_url": "https://films.example/"},
        {"files_url": "s3://"},
    ],
    ids=str,
)
def test_sources_that_name_nothing_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**given)


@pytest.mark.parametrize("flag", ["--listen", "--admin-listen", "--metrics-listen"])
def test_an_address_that_is_none_is_a_wrong_flag_before_anything_is_opened(
    flag: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    done = CliRunner().invoke(serve, [flag, "nowhere", "--data-dir", str(data)])
    assert done.exit_code == 2
    assert "nowhere" in done.output
    assert not data.exists()
