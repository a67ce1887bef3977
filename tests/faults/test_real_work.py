"""The demo film, the demo models and ffmpeg: what is killed under them changes no byte."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from polycue_client import errors
from support.children import child_of, descendants, signalled
from support.demo import begin, import_models, tracks
from support.fleet import Fleet, Server, orphans, python_path


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_models(tmp_path_factory.mktemp("models"))


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
def unharmed(tmp_path_factory: pytest.TempPathFactory, models: Path) -> dict[str, bytes]:
    """The tracks of a run that nothing happens to."""
    flags = (f"--models-dir={models}", "--threads=1")
    folder = tmp_path_factory.mktemp("unharmed")
    fleet = Fleet(folder, {"PYTHONPATH": python_path()}, "", flags)
    try:
        with fleet.server().start().client() as polycue:
            job = polycue.wait(begin(polycue))
            return tracks(polycue, job.name)
    finally:
        fleet.end()


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
    works: Fleet, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    told: list[tuple[str, int]] = []
    with server.client() as polycue:
        job, kills = begin(polycue), 0
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
    works: Fleet, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    with server.client() as polycue:
        job, killed = begin(polycue), 0
        for event in polycue.watch(job, include_cues=True):
            if event.HasField("progress") and not killed:
                killed += signalled(child_of(server.pid, "ffmpeg"), signal.SIGKILL)
    assert killed
    check_end(works, server, job, unharmed)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_film_under_which_everything_is_killed_in_turn_gets_the_same_bytes(
    works: Fleet, unharmed: dict[str, bytes]
) -> None:
    server = works.server().start()
    victims = ["engine", "server", "engine", "server"]
    with server.client() as polycue:
        job = begin(polycue)
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
def test_a_cancel_reaches_ffmpeg_and_the_models(works: Fleet) -> None:
    server = works.server().start()
    with server.client() as polycue:
        job = begin(polycue)
        decoding = child_of(server.pid, "ffmpeg")
        polycue.cancel(job)
        with pytest.raises(errors.JobCancelled):
            polycue.wait(job)
        assert decoding not in descendants(server.pid)
