"""Servers that must not start: better none than one that makes things worse."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from polycue.engine.devices import has_cuda_driver
from support.aftermath import Aftermath
from support.fleet import Fleet, python_path
from support.stepped_server import Film

ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.mark.short
@ON_SQLITE
def test_a_second_server_on_one_folder_is_refused(fleet: Fleet, aftermath: Aftermath) -> None:
    first = fleet.server().start()
    assert f"is in use by process {first.pid}" in fleet.server().refuse()
    with first.client() as polycue:
        aftermath.create(polycue, Film("a", 2))
    aftermath.check(first)


def _cut_short(database: Path) -> None:
    database.write_bytes(database.read_bytes()[: database.stat().st_size // 2 - 100])


def _scrawled_on(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(0)
        file.write(b"\x5a" * 512)


def _damaged_inside(database: Path) -> None:
    """Every page but the first is full of nonsense."""
    size_bytes = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (size_bytes - 4096))


@ON_SQLITE
@pytest.mark.parametrize("spoil", [_cut_short, _scrawled_on, _damaged_inside])
def test_a_damaged_database_is_refused_and_left_as_it_is(
    fleet: Fleet, aftermath: Aftermath, spoil: object
) -> None:
    server = fleet.server().start()
    with server.client() as polycue:
        polycue.wait(aftermath.create(polycue, Film("a", 2)))
    server.terminate()
    assert server.wait() == 0
    database = fleet.data / "jobs.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sound = database.read_bytes()
    assert callable(spoil)
    spoil(database)
    damaged = database.read_bytes()
    words = server.refuse()
    assert "jobs.sqlite" in words
    assert "Traceback" not in words
    assert database.read_bytes() == damaged
    database.write_bytes(sound)
    aftermath.check(server.start())


@pytest.mark.short
def test_a_server_that_wants_a_gpu_does_not_start_without(tmp_path: Path) -> None:
    if has_cuda_driver():
        pytest.skip("there is a GPU here")
    fleet = Fleet(tmp_path, {"PYTHONPATH": python_path()})
    words = fleet.server("--device=cuda", f"--models-dir={tmp_path / 'models'}").refuse()
    assert "device 'cuda' cannot be used" in words
    assert "Traceback" not in words


@pytest.mark.short
@ON_SQLITE
@pytest.mark.parametrize("flag", ["--metrics-listen", "--admin-listen", "--listen"])
def test_a_port_in_use_is_told_with_its_flag_and_the_next_start_is_a_good_one(
    fleet: Fleet, aftermath: Aftermath, flag: str
) -> None:
    server = fleet.server()
    with socket.create_server(("127.0.0.1", 0)) as holder:
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        said = " ".join(server.refuse(f"{flag}={taken}").split())
    assert f"cannot listen on {taken}" in said
    assert f"give another with {flag}" in said
    assert "Traceback" not in said
    server.start()
    with server.client() as polycue:
        aftermath.create(polycue, Film("a", 2))
    aftermath.check(server)
