"""The demo film, the demo models and ffmpeg: what is killed under them changes no byte."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polycue_client import Polycue, errors
from support.children import child_of, descendants, signalled
from support.fleet import Fleet, Server, orphans, python_path

FORMATS = ["srt", "vtt"]


@pytest.fixture(scope="session")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "polycue_client", "models", "import"]
    given = [f"--models-dir={folder}", str(repository / "demo" / "models")]
    env = {**os.environ, "PYTHONPATH": python_path()}
    subprocess.run([*command, *given], check=True, capture_output=True, env=env)
    return folder


@pytest.fixture
def film(repository: Path) -> Path:
    return repository / "demo" / "tour.mp4"


@pytest.fixture
def works(tmp_path: Path, models: Path, store: str) -> Iterator[Fleet]:
    """Servers as anybody starts them, with the models in a child."""
    flags = (f"--models-dir={models}", "--engine=child", "--threads=1", "--no-preload")
    env = {"PYTHONPATH": python_path()}
    fleet = Fleet(tmp_path, env, store, flags)
    try:
        yield fleet
    finally:
        fleet.end()


@pytest.fixture(scope="module")
def unharmed(
    tmp_path_factory: pytest.TempPathFactory, models: Path, repository: Path
) -> dict[str, bytes]:
    """The tracks of a run that nothing happens to."""
    flags = (f"--models-dir={models}", "--threads=1")
    folder = tmp_path_factory.mktemp("unharmed")
    fleet = Fleet(folder, {"PYTHONPATH": python_path()}, "", flags)
    try:
        with fleet.server().start().client() as polycue:
            job = polycue.wait(begin(polycue, repository / "demo" / "tour.mp4"))
            return tracks(polycue, job.name)
    finally:
        fleet.end()


def begin(polycue: Polycue, film: Path) -> str:
    return polycue.subtitle(film, translate_to=["es"], formats=FORMATS).name


def tracks(polycue: Polycue, job: str) -> dict[str, bytes]:
    artifacts = polycue.get_job(job).artifacts
    return {a.filename: polycue.read(a) for a in artifacts if a.filename.endswith((".srt", ".vtt"))}


def check_end(fleet: Fleet, server: Server, job: str, unharmed: dict[str, bytes]) -> None:
    """It has succeeded, with the same bytes; nothing is left of what it took."""
    with server.client() as polycue:
        polycue.wait(job)
        assert tracks(polycue, job) == unharmed
        assert [one.name for one in polycue.jobs()] == [job]
    assert not [command for command in descendants(server.pid).values() if "ffmpeg" in command]
    server.terminate()
    assert server.wait() == 0
    assert orphans(str(fleet.folder)) == []
    assert fleet.sound()


def test_a_film_whose_server_is_killed_again_and_again_gets_the_same_bytes(
    works: Fleet, film: Path, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    told: list[tuple[str, int]] = []
    with server.client() as polycue:
        job, kills = begin(polycue, film), 0
        for event in polycue.watch(job, include_cues=True):
            told += [(event.cues.language_code, cue.index) for cue in event.cues.cues]
            if event.HasField("cues") and kills < 3:
                kills += 1
                server.kill()
                server.start()
    assert kills == 3
    assert len(told) == len(set(told))
    check_end(works, server, job, unharmed)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_film_whose_ffmpeg_is_killed_gets_the_same_bytes(
    works: Fleet, film: Path, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    with server.client() as polycue:
        job, killed = begin(polycue, film), 0
        for event in polycue.watch(job, include_cues=True):
            if event.HasField("progress") and not killed:
                killed += signalled(child_of(server.pid, "ffmpeg"), signal.SIGKILL)
    assert killed
    check_end(works, server, job, unharmed)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_film_under_which_everything_is_killed_in_turn_gets_the_same_bytes(
    works: Fleet, film: Path, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    victims = ["engine", "server", "engine", "server"]
    with server.client() as polycue:
        job = begin(polycue, film)
        for event in polycue.watch(job, include_cues=True):
            if not (event.HasField("cues") and victims):
                continue
            if victims.pop(0) == "engine":
                signalled(child_of(server.pid, "processes.child"), signal.SIGKILL)
            else:
                server.kill()
                server.start()
    assert not victims
    check_end(works, server, job, unharmed)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_cancel_reaches_ffmpeg_and_the_models(works: Fleet, film: Path) -> None:
    server = works.server().start()
    with server.client() as polycue:
        job = begin(polycue, film)
        decoding = child_of(server.pid, "ffmpeg")
        polycue.cancel(job)
        with pytest.raises(errors.JobCancelled):
            polycue.wait(job)
        assert decoding not in descendants(server.pid)
