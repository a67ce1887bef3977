"""A film through the clients in Go and TypeScript, over the trouble that a long job meets."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from polycue.testing.gate import Gate
from polycue.testing.pipeline import FakePipeline
from support.callers import TokensFile
from support.certificates import Authority
from support.ports import free_port
from support.served import Wire, served

WAIT_S = 200


class Running:
    """The program at work on a film."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ended(self) -> tuple[int, str, str]:
        """Its status, stdout and stderr."""
        try:
            out, err = self._process.communicate(timeout=WAIT_S)
        finally:
            self._process.kill()
        return self._process.returncode, out, err


def test_a_film_goes_there_and_its_tracks_come_back(
    subtitle: Sequence[str], film: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    options = ["--translate-to", "es", "--output", str(out)]
    with served(data) as server:
        status, told, _ = Running(
            [*subtitle, "--server", server.address, *options, str(film)]
        ).ended()
    assert status == 0
    names = ["film.en.srt", "film.en.vtt", "film.es.srt", "film.es.vtt"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert sorted(told.splitlines()) == [str(out / name) for name in names]
    assert "ONE" in (out / "film.es.srt").read_text()


def test_an_upload_that_breaks_is_taken_up_where_it_stopped(
    subtitle: Sequence[str], film: Path, data: Path
) -> None:
    with served(data) as server, Wire(server.address, 2_500_000, 3_500_000) as wire:
        status, _, problem = Running([*subtitle, "--server", wire.address, str(film)]).ended()
        assert status == 0, problem
        assert wire.connections == 3
    assert film.with_suffix(".en.srt").is_file()


def test_a_job_that_outlives_its_server_is_watched_to_its_end(
    subtitle: Sequence[str], film: Path, data: Path
) -> None:
    gate, listen = Gate(), f"127.0.0.1:{free_port()}"
    with served(data, FakePipeline(gate=gate), listen=listen):
        running = Running([*subtitle, "--server", listen, str(film)])
        assert gate.reached.wait(WAIT_S)
    with served(data, listen=listen):
        status, _, problem = running.ended()
    assert status == 0, problem
    assert film.with_suffix(".en.vtt").is_file()


def test_a_refusal_is_told_in_the_words_of_the_server(
    subtitle: Sequence[str], film: Path, data: Path
) -> None:
    with served(data) as server:
        status, _, problem = Running(
            [*subtitle, "--server", server.address, "--translate-to", "fr", str(film)]
        ).ended()
    assert status == 1
    assert "polycue models pull en:fr" in problem


def test_a_server_that_knows_its_callers_is_shown_a_token_over_tls(
    subtitle: Sequence[str], film: Path, data: Path, tmp_path: Path
) -> None:
    authority, tokens = Authority(tmp_path / "ca"), TokensFile(tmp_path / "tokens.toml")
    mine, token = authority.pair("server", "127.0.0.1"), tmp_path / "token"
    token.write_text(tokens.add("films") + "\n")
    with served(
        data, tls_cert=mine.certificate, tls_key=mine.key, tokens_file=tokens.path
    ) as server:
        command = [*subtitle, "--server", server.address, "--token-file", str(token)]
        refused, _, problem = Running([*command, str(film)]).ended()
        assert (refused, "give --tls-ca too" in problem) == (1, True)
        trusting = [*command, "--tls-ca", str(authority.path), str(film)]
        status, _, problem = Running(trusting).ended()
    assert status == 0, problem
    assert film.with_suffix(".en.srt").is_file()
