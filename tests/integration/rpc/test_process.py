"""``python -m polycue`` as a process: flags, environment, signals, exit codes."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from polycue.api.v1 import catalog_pb2
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.rpc.access.tokens import new_token
from polycue_client import connect
from polycue_client.errors import NotAllowed, NotFound
from support.callers import TokensFile

WAIT_S = 60


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    address: str

    def info(self) -> catalog_pb2.GetServerInfoResponse:
        with grpc.insecure_channel(self.address) as channel:
            return CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())

    def last_words(self) -> str:
        _, stderr = self.process.communicate(timeout=WAIT_S)
        return stderr.decode()


@contextmanager
def started(*flags: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """A server that has said on a pipe where it listens; it is dead when the block ends."""
    ready, tell = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "polycue", f"--ready-fd={tell}", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[tell],
        env={**os.environ, **(env or {})},
    )
    os.close(tell)
    try:
        with os.fdopen(ready) as told:
            address = told.readline().strip()
        yield Running(process, address)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe:
                pipe.close()


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    return [f"--data-dir={tmp_path / 'data'}", f"--models-dir={tmp_path / 'models'}"]


def test_it_serves_on_a_socket_until_its_stdin_ends(tmp_path: Path, folders: list[str]) -> None:
    listen = f"unix:{tmp_path / 's.sock'}"
    with started(f"--listen={listen}", "--exit-with-stdin", *folders) as server:
        assert server.address == listen
        assert server.info().device == "cpu"
        with started("--listen=127.0.0.1:0", *folders) as second:
            assert "is in use by process" in second.last_words()
            assert second.process.returncode == 1
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert server.process.wait(WAIT_S) == 0
    assert not (tmp_path / "s.sock").exists()


def test_it_stops_on_sigterm_and_says_when_it_was_ready(tmp_path: Path) -> None:
    env = {
        "POLYCUE_LISTEN": "127.0.0.1:0",
        "POLYCUE_DATA_DIR": str(tmp_path / "data"),
        "POLYCUE_MODELS_DIR": str(tmp_path / "models"),
        "POLYCUE_LOG_FORMAT": "json",
    }
    with started(env=env) as server:
        assert server.address.startswith("127.0.0.1:")
        assert server.info().version
        server.process.send_signal(signal.SIGTERM)
        words = server.last_words()
        assert server.process.returncode == 0
        lines = [json.loads(line) for line in words.splitlines()]  # each is one
        told = {line["event"]: line for line in lines}
        assert told["ready"]["address"] == server.address
        assert "stopping" in told
        assert "polycue models pull" in words  # no recogniser is installed, and how to get one


def test_more_connections_than_the_usual_limit_of_files_keep_nobody_out(
    folders: list[str], tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(b"a film")
    with ExitStack() as stack:
        with _few_files(128):
            server = stack.enter_context(started("--listen=127.0.0.1:0", *folders))
        host, _, port = server.address.rpartition(":")
        for _ in range(300):
            silent = socket.create_connection((host, int(port)), timeout=WAIT_S)
            stack.enter_context(silent)
        with connect(server.address) as polycue:
            assert polycue.upload(film).committed_bytes == len(b"a film")


@contextmanager
def _few_files(most: int) -> Iterator[None]:
    """What is started in the block has this soft limit, as most systems set one."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_port_that_is_taken_is_told_once_and_is_no_wrong_usage(
    folders: list[str], tmp_path: Path
) -> None:
    other = [f"--data-dir={tmp_path / 'other'}", f"--models-dir={tmp_path / 'models'}"]
    with (
        started("--listen=127.0.0.1:0", *folders) as first,
        started(f"--listen={first.address}", *other) as second,
    ):
        words = second.last_words()
        assert second.process.returncode == 1
        assert words.count(first.address) == 1
        assert "it is taken, or not this machine's" in words
        assert "add_port" not in words


def test_no_token_is_written_to_the_log_however_much_it_tells(
    folders: list[str], tmp_path: Path
) -> None:
    tokens = TokensFile(tmp_path / "tokens.toml")
    good, bad = tokens.add("films"), new_token()
    flags = [f"--tokens-file={tokens.path}", "--log-level=debug", "--listen=127.0.0.1:0"]
    with started(*flags, *folders, env={"GRPC_VERBOSITY": "DEBUG"}) as server:
        with connect(server.address, token=good) as polycue:
            assert polycue.server_info().version
            with pytest.raises(NotFound):
                polycue.get_job("jobs/" + "0" * 32)
        with connect(server.address, token=bad) as polycue, pytest.raises(NotAllowed):
            polycue.server_info()
        server.process.send_signal(signal.SIGTERM)
        words = server.last_words()
    assert "tenant=films" in words
    assert "TOKEN_UNKNOWN" in words
    for token in (good, bad):
        assert token not in words
        assert token.removeprefix("polycue_") not in words
