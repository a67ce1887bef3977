"""Clients of ours, to whom a server that is killed and comes back is a pause."""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polycue.domain.track import TrackFormat
from polycue_client import aio
from polycue_client.outcome import has_ended
from support.aftermath import Aftermath
from support.fleet import PATIENT, Fleet, Server, python_path
from support.stepped_server import Film
from support.steps import Director

WAIT_S = 60
MIB = 1024 * 1024

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet.server().start()


def test_the_command_says_that_it_waits_and_goes_on(
    server: Server, director: Director, aftermath: Aftermath, tmp_path: Path
) -> None:
    film = Film("a", 6)
    half_way = director.hold("chunk", "a", 3)
    command = [sys.executable, "-m", "polycue_client", "subtitle", str(film.write(tmp_path))]
    working = subprocess.Popen(
        [*command, "--server", server.address, "-f", "srt,vtt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": python_path()},
        text=True,
    )
    with working:
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start()
        told, said = working.communicate(timeout=WAIT_S)
    assert working.returncode == 0, said
    assert said.count("it may be restarting, waiting ...") == 1
    assert told.split() == [str(tmp_path / "a.en.srt"), str(tmp_path / "a.en.vtt")]
    assert (tmp_path / "a.en.srt").read_bytes() == film.text(TrackFormat.SRT)
    with server.client() as polycue:
        (job,) = polycue.jobs()
    aftermath.expect(job, film)
    aftermath.check(server)


def test_a_download_goes_on_at_its_byte(
    server: Server, aftermath: Aftermath, tmp_path: Path
) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b'{"name": "a", "chunks": 1}' + b" " * 8 * MIB)

    class KillsTheServer:
        """A file at whose third piece the server is killed."""

        pieces = 0

        def write(self, data: bytes) -> int:
            self.pieces += 1
            if self.pieces == 3:
                server.kill()
                server.start()
            return target.write(data)

    with server.client() as polycue, (tmp_path / "copy.mkv").open("wb") as target:
        job = polycue.wait(polycue.subtitle(film, formats=["srt", "vtt"], mux=["mkv"]))
        copy = max(job.artifacts, key=lambda artifact: artifact.size_bytes)
        polycue.download_into(KillsTheServer(), copy)  # type: ignore[arg-type]  # all it needs
        polycue.delete(job)
    assert (tmp_path / "copy.mkv").read_bytes() == film.read_bytes()
    aftermath.check(server)


def test_the_asyncio_client_is_as_patient(
    server: Server, director: Director, aftermath: Aftermath, tmp_path: Path
) -> None:
    """It uploads, watches and reads, and each time the server is killed meanwhile."""
    film = Film("a", 6)
    half_way = director.hold("chunk", "a", 3)

    def kill_and_start() -> None:
        half_way.wait()
        server.kill()
        half_way.let_go()
        server.start()

    async def scenario() -> None:
        async with aio.connect(server.address, retry=PATIENT) as polycue:
            job = await polycue.subtitle(film.write(tmp_path), formats=["srt", "vtt"])
            killing = asyncio.create_task(asyncio.to_thread(kill_and_start))
            told: list[int] = []
            async with contextlib.aclosing(polycue.watch(job, include_cues=True)) as events:
                async for event in events:
                    told += [cue.index for cue in event.cues.cues]
                    job = event.job if event.HasField("job") else job
            await killing
            assert told == [1, 2, 3, 4, 5, 6]
            assert has_ended(job)
            track = next(a for a in job.artifacts if a.filename == "a.en.srt")
            await asyncio.to_thread(server.kill)
            reading = asyncio.create_task(polycue.read(track))
            await asyncio.to_thread(server.start)
            assert await reading == film.text(TrackFormat.SRT)
            aftermath.expect(job, film)

    asyncio.run(scenario())
    aftermath.check(server)
