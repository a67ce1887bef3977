"""What a client with the default settings notices of the death of one of two replicas: a pause."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polycue.domain.track import TrackFormat
from polycue_client import aio
from polycue_client.outcome import has_ended
from support.aftermath import Aftermath
from support.fleet import Fleet, Server
from support.replicas import bucket as bucket
from support.replicas import client_of, replica
from support.replicas import fleet as fleet
from support.stepped_server import Film
from support.steps import Director

MIB = 1024 * 1024
Two = tuple[Server, Server]


@pytest.fixture
def two(fleet: Fleet) -> Two:
    first, second = (replica(fleet, number).start() for number in (1, 2))
    return first, second


class Killing:
    """Kills the two in turn, each when so much is done, and has each back before the next."""

    def __init__(self, servers: Two, *when: int) -> None:
        self._left = list(zip(when, servers, strict=True))

    @property
    def over(self) -> bool:
        return not self._left

    def at(self, done: int) -> None:
        while self._left and done >= self._left[0][0]:
            _, server = self._left.pop(0)
            server.kill()
            server.start()


def test_both_take_from_one_queue(two: Two, director: Director, aftermath: Aftermath) -> None:
    held = director.hold("chunk", index=1, times=2)
    with client_of(*two) as polycue:
        for name in "ab":
            aftermath.create(polycue, Film(name, 3))
    held.wait(2)
    assert {step.pid for step in held.reached} == {server.pid for server in two}
    held.let_go()
    aftermath.check(two[0])


def test_a_watch_goes_on_through_the_death_of_each(
    two: Two, director: Director, aftermath: Aftermath
) -> None:
    """First the one dies that does the work, then the other, which has taken it over."""
    servers = {server.pid: server for server in two}
    holds = [director.hold("chunk", "a", index) for index in (3, 7)]
    told: list[int] = []
    with client_of(*two) as polycue, ThreadPoolExecutor() as pool:
        job = aftermath.create(polycue, Film("a", 12))

        def follow() -> None:
            for event in polycue.watch(job, include_cues=True):
                told.extend(cue.index for cue in event.cues.cues)

        following = pool.submit(follow)
        for held in holds:
            at_work = servers[held.wait().pid]
            at_work.kill()
            held.let_go()
            if held is holds[0]:
                at_work.start()
                servers[at_work.pid] = at_work
        following.result()
        at_work.start()
    assert told == list(range(1, 13))
    aftermath.check(two[0])


def test_an_upload_goes_on_through_the_death_of_each(
    two: Two, aftermath: Aftermath, tmp_path: Path
) -> None:
    film = tmp_path / "noise.mkv"
    film.write_bytes(hashlib.shake_256(b"noise").digest(48 * MIB))
    killing = Killing(two, 16 * MIB, 32 * MIB)
    with client_of(*two) as polycue:
        upload = polycue.upload(film, progress=lambda done, of: killing.at(done))
    assert killing.over
    assert upload.sha256 == hashlib.sha256(film.read_bytes()).digest()
    aftermath.check(two[0])


def test_a_download_goes_on_through_the_death_of_each(
    two: Two, aftermath: Aftermath, tmp_path: Path
) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b'{"name": "a", "chunks": 1}' + b" " * 24 * MIB)
    killing = Killing(two, 6 * MIB, 14 * MIB)

    class Written:
        """A file under whose bytes the servers die."""

        done = 0

        def write(self, data: bytes) -> int:
            killing.at(self.done)
            self.done += len(data)
            return target.write(data)

    with client_of(*two) as polycue, (tmp_path / "copy.mkv").open("wb") as target:
        job = polycue.wait(polycue.subtitle(film, formats=["srt", "vtt"], mux=["mkv"]))
        copy = max(job.artifacts, key=lambda artifact: artifact.size_bytes)
        polycue.download_into(Written(), copy)  # type: ignore[arg-type]  # all it needs
        polycue.delete(job)
    assert killing.over
    assert (tmp_path / "copy.mkv").read_bytes() == film.read_bytes()
    aftermath.check(two[0])


def test_jobs_are_made_once_each_while_each_dies(
    two: Two, aftermath: Aftermath, tmp_path: Path
) -> None:
    """Many at a time, so that some are under way whenever a server dies."""
    made: list[str] = []
    with client_of(*two) as polycue, ThreadPoolExecutor(6) as pool:
        upload = polycue.upload(Film("a", 1).write(tmp_path)).name

        def create(_: int) -> None:
            job = aftermath.queue(polycue, upload, Film("a", 1))
            made.append(job.name)

        killing = Killing(two, 20, 60)
        for done, _ in enumerate(pool.map(create, range(100))):
            killing.at(done)
    assert killing.over
    assert len(set(made)) == 100
    aftermath.check(two[0])


def test_the_asyncio_client_notices_a_pause_too(
    two: Two, director: Director, aftermath: Aftermath, tmp_path: Path
) -> None:
    film, held = Film("a", 6), director.hold("chunk", "a", 3)
    servers = {server.pid: server for server in two}
    both = ",".join(server.address for server in two)

    async def scenario() -> None:
        async with aio.connect(both) as polycue:
            job = await polycue.subtitle(film.write(tmp_path), formats=["srt", "vtt"])
            dying = asyncio.create_task(asyncio.to_thread(lambda: die(servers[held.wait().pid])))
            told: list[int] = []
            async with contextlib.aclosing(polycue.watch(job, include_cues=True)) as events:
                async for event in events:
                    told += [cue.index for cue in event.cues.cues]
                    job = event.job if event.HasField("job") else job
            await dying
            assert told == [1, 2, 3, 4, 5, 6]
            assert has_ended(job)
            track = next(a for a in job.artifacts if a.filename == "a.en.srt")
            assert await polycue.read(track) == film.text(TrackFormat.SRT)
            aftermath.expect(job, film)

    def die(server: Server) -> None:
        server.kill()
        held.let_go()

    asyncio.run(scenario())
    for server in two:
        if not server.running:
            server.start()
    aftermath.check(two[0])


@pytest.mark.parametrize("call", ["transcribe", "stream_transcribe"])
def test_clips_are_answered_while_each_dies(two: Two, aftermath: Aftermath, call: str) -> None:
    killing, answered = Killing(two, 20, 60), 0
    with client_of(*two) as polycue, ThreadPoolExecutor(6) as pool:
        ask: Callable[[bytes], object] = getattr(polycue, call)

        def asked(_: int) -> bool:
            answer = ask(b"a clip")
            return bool(list(answer) if call == "stream_transcribe" else answer)  # type: ignore[call-overload]

        for answer in pool.map(asked, range(100)):
            answered += answer
            killing.at(answered)
    assert killing.over
    assert answered == 100
    aftermath.check(two[0])
