"""A run over a folder through several servers of one queue, one of which dies under it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from polycue.domain.track import TrackFormat
from support.fleet import Fleet, python_path
from support.replicas import bucket as bucket
from support.replicas import fleet as fleet
from support.replicas import replica
from support.stepped_server import Film
from support.steps import Director

WAIT_S = 120
FILMS = [Film(f"f{number:02d}", 2 + number % 3) for number in range(30)]


def test_a_run_through_two_servers_outlives_the_death_of_one(
    fleet: Fleet, director: Director, tmp_path: Path
) -> None:
    servers = [replica(fleet, number).start() for number in (1, 2)]
    films = tmp_path / "films"
    films.mkdir()
    for film in FILMS:
        film.write(films)
    held = director.hold("chunk", "f09", 1)
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(films), "-r", "--json"]
    with subprocess.Popen(
        [*command, "--server", ",".join(server.address for server in servers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "PYTHONPATH": python_path(),
            "XDG_STATE_HOME": str(tmp_path / "state"),
        },
        text=True,
    ) as working:
        at_work = held.wait().pid
        (dying,) = (server for server in servers if server.pid == at_work)
        dying.kill()
        held.let_go()
        told, said = working.communicate(timeout=WAIT_S)
    assert working.returncode == 0, said
    assert json.loads(told)["totals"]["done"] == len(FILMS)
    for film in FILMS:
        assert (films / f"{film.name}.en.srt").read_bytes() == film.text(TrackFormat.SRT)
        assert set(director.count("saved", film.name).values()) == {1}
