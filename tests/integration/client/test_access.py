"""The clients and the commands, at a server that wants to know them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from polycue_client import Tls, aio, connect
from polycue_client.cli.app import run
from polycue_client.cli.embedded import _own_environment
from polycue_client.errors import NotAllowed, ServerNotTrusted
from support.callers import TokensFile
from support.certificates import Authority
from support.served import served


def test_both_clients_bring_token_and_certificate_with_every_kind_of_call(
    data: Path, film: Path, tmp_path: Path
) -> None:
    ca, ours = Authority(tmp_path / "ca"), Authority(tmp_path / "ours")
    pair, mine = ca.pair("server", "polycue.example.org"), ours.pair("me", "me.example.org")
    tokens = TokensFile(tmp_path / "tokens.toml")
    token = tokens.add("films")
    tls = Tls(ca.path, mine.certificate, mine.key, server_name="polycue.example.org")
    settings: dict[str, Any] = {
        "tls_cert": pair.certificate,
        "tls_key": pair.key,
        "tls_client_ca": ours.path,
        "tokens_file": tokens.path,
    }

    folders = [tmp_path / name for name in ("asynchronously", "and not")]
    for folder in folders:
        folder.mkdir()

    async def asynchronously(address: str) -> None:
        async with aio.connect(address, token=token, tls=tls) as polycue:
            job = await polycue.subtitle(film)
            done = await polycue.wait(job)
            await polycue.download(done.artifacts[0], folders[0])
            assert (await polycue.transcribe(b"a clip")).tracks

    with served(data, **settings) as server:
        with connect(server.address, token=token, tls=tls) as polycue:
            job = polycue.subtitle(film)
            assert list(polycue.watch(job))
            polycue.download(polycue.wait(job).artifacts[0], folders[1])
            assert polycue.transcribe(b"a clip").tracks
        asyncio.run(asynchronously(server.address))
        with connect(server.address, tls=tls) as polycue, pytest.raises(NotAllowed):
            polycue.server_info()


def test_commands_take_the_token_from_a_file_or_from_the_environment(
    data: Path,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ca, tokens = Authority(tmp_path / "ca"), TokensFile(tmp_path / "tokens.toml")
    pair = ca.pair("server", "localhost", "127.0.0.1")
    token = tokens.add("films")
    (tmp_path / "token").write_text(f"{token}\n")
    settings: dict[str, Any] = {
        "tls_cert": pair.certificate,
        "tls_key": pair.key,
        "tokens_file": tokens.path,
    }
    with served(data, **settings) as server:
        monkeypatch.setenv("POLYCUE_SERVER", server.address)
        monkeypatch.setenv("POLYCUE_TLS_CA", str(ca.path))
        assert run(["health"]) == 0
        assert run(["jobs", "list"]) == 1
        assert "this server wants a token" in (words := capsys.readouterr().err)
        assert "--token-file, or in POLYCUE_TOKEN" in words
        assert run(["subtitle", str(film), "--token-file", str(tmp_path / "token")]) == 0
        assert film.with_name("film.en.srt").exists()
        monkeypatch.setenv("POLYCUE_TOKEN", token)
        assert run(["jobs", "list", "--json"]) == 0
        assert "SUCCEEDED" in (shown := capsys.readouterr().out.upper())
        assert token.upper() not in shown


def test_a_token_is_not_sent_in_the_clear_to_another_machine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POLYCUE_TOKEN", "secret")
    assert run(["jobs", "list", "--server", "polycue.example.org:1"]) == 2
    words = capsys.readouterr().err
    assert "in the clear" in words
    assert "--tls, or --token-in-the-clear" in words
    assert "secret" not in words


def test_a_server_for_one_command_has_no_other_servers_callers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POLYCUE_TOKENS_FILE", str(tmp_path / "tokens.toml"))
    monkeypatch.setenv("POLYCUE_TLS_CERT", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("POLYCUE_TOKEN", "secret")
    monkeypatch.setenv("POLYCUE_MODELS_DIR", "models")
    kept = {name for name in _own_environment() if name.startswith("POLYCUE_")}
    assert kept & {"POLYCUE_MODELS_DIR"}
    assert not kept & {"POLYCUE_TOKENS_FILE", "POLYCUE_TLS_CERT", "POLYCUE_TOKEN"}


def test_a_server_that_is_not_trusted_or_does_not_trust_is_told_apart_from_one_that_is_away(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ca, other = Authority(tmp_path / "ca"), Authority(tmp_path / "other")
    pair = ca.pair("server", "polycue.example.org")
    with served(data, tls_cert=pair.certificate, tls_key=pair.key) as server:
        for flags, words in (
            (["--tls-ca", str(other.path)], "give its CA with --tls-ca"),
            (["--tls-ca", str(ca.path)], "with --tls-name the name it has"),
            ([], "it may want TLS"),
        ):
            assert run(["health", "--server", server.address, *flags]) == 3
            assert words in capsys.readouterr().err
        named = ["--tls-ca", str(ca.path), "--tls-name", "polycue.example.org"]
        assert run(["health", "--server", server.address, *named]) == 0
        with (
            connect(server.address, tls=Tls(other.path)) as polycue,
            pytest.raises(ServerNotTrusted),
        ):
            polycue.server_info()
