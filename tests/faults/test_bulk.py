"""Runs over a folder of films that are killed, doubled, interrupted, or find a full disk."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polycue.domain.track import TrackFormat
from support.fleet import Fleet, Server, python_path
from support.stepped_server import Film
from support.steps import Director

WAIT_S = 200
FILMS = [Film(f"{season}{number}", 2 + number % 3) for season in "ab" for number in range(10)]

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@dataclass
class Library:
    """A folder of films with a folder for each season, and the command that is run over it."""

    folder: Path
    state: Path
    server: Server

    def write(self) -> None:
        for film in FILMS:
            season = self.folder / film.name[0]
            season.mkdir(parents=True, exist_ok=True)
            film.write(season)

    def start(self, *flags: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "polycue_client", "subtitle", str(self.folder)]
        return subprocess.Popen(
            [*command, "--recursive", "--server", self.server.address, "-f", "srt,vtt", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": python_path(),
                "XDG_STATE_HOME": str(self.state),
            },
            text=True,
        )

    def run(self, *flags: str, code: int = 0) -> dict[str, Any]:
        """Run it to its end; its report."""
        with self.start("--json", *flags) as working:
            told, said = working.communicate(timeout=WAIT_S)
        assert working.returncode == code, said
        report: dict[str, Any] = json.loads(told)
        return report

    def results(self) -> dict[str, bytes]:
        """All but the films, by their paths from the folder."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in files
            if path.suffix != ".mkv"
        }


EXPECTED = {
    f"{film.name[0]}/{film.name}.en.{form.suffix}": film.text(form)
    for film in FILMS
    for form in (TrackFormat.SRT, TrackFormat.VTT)
}


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet.server().start()


@pytest.fixture
def library(server: Server, tmp_path: Path) -> Library:
    library = Library(tmp_path / "films", tmp_path / "state", server)
    library.write()
    return library


def begun(director: Director) -> dict[str, int]:
    """How often each film's work began."""
    return {film.name: sum(director.count("begin", film.name).values()) for film in FILMS}


def kill(working: "subprocess.Popen[str]") -> None:
    working.kill()
    working.communicate(timeout=WAIT_S)


@pytest.mark.short
def test_a_run_that_is_killed_goes_on_with_its_jobs_and_makes_none_twice(
    library: Library, director: Director
) -> None:
    """Killed with jobs waiting, jobs at work and films done, twice."""
    # All are held from the start: what waits at one of them, the server's other worker passes by.
    for held in [director.hold("chunk", film, 1) for film in ("a2", "b4")]:
        with library.start() as working:
            held.wait()
            kill(working)
        held.let_go()
    report = library.run()
    assert library.results() == EXPECTED
    assert report["totals"]["failed"] == 0
    assert report["totals"]["done"] + report["totals"]["skipped"] == len(FILMS)
    assert set(begun(director).values()) == {1}


@pytest.mark.parametrize("step", range(1, 12, 3))
def test_a_run_that_is_killed_again_and_again_comes_to_the_same(
    library: Library, director: Director, step: int
) -> None:
    seen = 0
    for _ in range(6):
        with library.start() as working:
            director.wait_until(min(seen + step * 7, 150) if seen < 150 else seen)
            kill(working)
        seen = len(director.steps)
        if library.results() == EXPECTED:
            break
    library.run()
    assert library.results() == EXPECTED
    assert set(begun(director).values()) == {1}


def test_a_killed_run_that_replaces_goes_on_where_it_stopped(
    library: Library, director: Director
) -> None:
    library.run()
    held = director.hold("chunk", "b4", 1)
    with library.start("-y") as working:
        held.wait()
        kill(working)
    held.let_go()
    library.run("-y")
    assert set(begun(director).values()) == {2}
    library.run("-y")  # that one came to its end: this one begins anew
    assert set(begun(director).values()) == {3}
    assert library.results() == EXPECTED


@pytest.mark.short
def test_two_runs_over_one_folder_share_its_films(library: Library, director: Director) -> None:
    with library.start("--json") as one, library.start("--json") as other:
        reports = [json.loads(each.communicate(timeout=WAIT_S)[0]) for each in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert library.results() == EXPECTED
    assert set(begun(director).values()) == {1}
    for report in reports:
        assert report["totals"]["done"] + report["totals"]["skipped"] == len(FILMS)


@pytest.mark.short
def test_ctrl_c_cancels_the_jobs_tells_what_is_left_and_the_next_run_goes_on(
    library: Library, director: Director, tmp_path: Path
) -> None:
    held = director.hold("chunk", "b4", 1)
    table = tmp_path / "report.csv"
    with library.start("--json", "--report-file", str(table)) as working:
        held.wait()
        working.send_signal(signal.SIGINT)
        told, said = working.communicate(timeout=WAIT_S)
    assert working.returncode == 130
    report = json.loads(told)
    assert report["totals"]["left"] > 0
    assert "the same command goes on" in said
    with table.open() as file:
        states = [row["state"] for row in csv.DictReader(file)]
    assert states.count("left") == report["totals"]["left"]
    held.let_go()
    with library.server.client() as polycue:
        assert not [job for job in polycue.jobs() if job.state in {1, 2}]
    library.run()
    assert library.results() == EXPECTED
    assert director.count("saved", "b4") == {0: 1, 1: 1, 2: 1}


@pytest.mark.short
def test_a_server_that_is_killed_is_waited_for(library: Library, director: Director) -> None:
    held = director.hold("chunk", "b4", 1)
    with library.start() as working:
        held.wait()
        library.server.kill()
        held.let_go()
        library.server.start()
        _, said = working.communicate(timeout=WAIT_S)
    assert working.returncode == 0, said
    assert library.results() == EXPECTED


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of which there are a few files' room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=28k,mode=0700", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.short
def test_a_full_disk_stops_the_run_with_a_word_and_costs_no_work(
    library: Library, director: Director, full_disk: Path
) -> None:
    report = library.run("-o", str(full_disk), code=1)
    assert "No space left on device" in report["stopped_by"]
    assert report["totals"]["left"] > 0
    assert report["totals"]["failed"] == 0
    left = [row for row in report["films"] if row["state"] == "left"]
    assert all(row["to_do"] for row in left if "No space" in row["message"])
    subprocess.run(["mount", "-o", "remount,size=8m", full_disk], check=True)
    assert not list(full_disk.rglob(".polycue-*"))
    library.run("-o", str(full_disk))
    moved = library.folder
    shutil.rmtree(moved)
    library.folder = full_disk
    assert library.results() == EXPECTED
    assert set(begun(director).values()) == {1}
