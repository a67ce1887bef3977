"""The real server and the real demo models, in an engine child that is killed or stopped."""

import contextlib
import os
import random
import select
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.domain.cancel import CancelToken
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.supervised.child import Cause, End
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.batching.batcher import Batcher
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue_client import Polycue, requests
from support.asking import ask
from support.fleet import WAIT_S, Server, python_path
from support.fragile import PROGRAM, SEVERAL, passage

KILLS, PASSAGES = 12, 280

FLAGS = ("--engine=child", "--device=cpu", "--engine-deadline-s=10", "--engine-deadline-factor=2")


@pytest.fixture(scope="module")
def models(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    import_models(repository / "demo" / "models", ModelStore(folder))
    return folder


@pytest.fixture
def server(tmp_path: Path, models: Path) -> Iterator[Server]:
    with serving(tmp_path, models) as server:
        yield server


@contextlib.contextmanager
def serving(folder: Path, models: Path, *more_flags: str) -> Iterator[Server]:
    flags = (*FLAGS, f"--models-dir={models}", f"--data-dir={folder / 'data'}", *more_flags)
    server = Server(folder, {"PYTHONPATH": python_path()}, *flags)
    try:
        yield server.start()
    finally:
        server.end()


def engine_of(server: Server) -> int:
    """The process id of its child that holds the models, of the first where there are several."""
    return engines_of(server)[0]


def engines_of(server: Server) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if int(parent) == server.pid and b"processes.child" in command:
            found.append(int(process.name))
    assert found, "it has no engine"
    return sorted(found)


def wait_for_end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], WAIT_S)[0], "it lives on"
    finally:
        os.close(handle)


def subtitled(
    polycue: Polycue, film: Path, meanwhile: Callable[[], None] = lambda: None
) -> dict[str, bytes]:
    """The tracks of a film by name; ``meanwhile`` is done when its first words are known."""
    upload = polycue.upload(film)
    spec = requests.subtitle_spec(
        media_pb2.MediaSource(upload=upload.name), translate_to=["es"], formats=["srt", "vtt"]
    )
    job = polycue.create_job(spec, fresh=True)
    begun = False
    for event in polycue.watch(job):
        if event.progress.stage == jobs_pb2.JOB_STAGE_TRANSCRIBE and not begun:
            begun = event.progress.HasField("processed_duration")
            if begun:
                meanwhile()
    done = polycue.get_job(job.name)
    assert done.state == jobs_pb2.JOB_STATE_SUCCEEDED, done.failure
    return {
        artifact.filename: polycue.read(artifact)
        for artifact in done.artifacts
        if artifact.filename.endswith((".srt", ".vtt"))
    }


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP], ids=["killed", "crashed", "hung"]
)
def test_a_film_whose_engine_ends_or_hangs_comes_out_to_the_byte(
    server: Server, repository: Path, number: int
) -> None:
    film = repository / "demo" / "tour.mp4"
    with server.client() as polycue:
        whole = subtitled(polycue, film)
        assert set(whole) == {
            f"tour.{tag}.{kind}" for tag in ("en", "es") for kind in ("srt", "vtt")
        }
        pid = engine_of(server)
        assert subtitled(polycue, film, lambda: os.kill(pid, number)) == whole
    wait_for_end(pid)
    assert engine_of(server) != pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_film_goes_on_when_one_of_two_devices_is_lost_and_that_comes_back(
    tmp_path: Path, models: Path, repository: Path, number: int
) -> None:
    film = repository / "demo" / "tour.mp4"
    with serving(tmp_path, models, "--device-index=0,1") as server, server.client() as polycue:
        both = engines_of(server)
        assert len(both) == 2
        whole = subtitled(polycue, film)
        assert subtitled(polycue, film, lambda: os.kill(both[0], number)) == whole
        wait_for_end(both[0])
        assert subtitled(polycue, film) == whole
        assert both[1] in engines_of(server)
        log = server.log.read_text()
    assert log.count("others do its work") == log.count("a device is back") == 1


def test_a_killed_server_takes_its_engine_with_it(server: Server) -> None:
    pid = engine_of(server)
    server.kill()
    wait_for_end(pid)


def test_many_kills_of_an_engine_lose_no_answer(tmp_path: Path) -> None:
    """Several models and callers, and a child that is killed again and again at any moment."""
    chance = random.Random(2)
    done = threading.Semaphore(0)
    found: dict[tuple[str, int], int] = {}
    supervisor = Supervisor(
        Choose("cpu", "int8", 0, 1), Pace(factor=20, least_s=60), begin=beginning(PROGRAM)
    )
    host = supervised_host([supervisor], "auto")

    def caller(batcher: Batcher, name: str) -> None:
        for first in range(0, PASSAGES, 4):
            results = [
                ask(batcher, passage(start_ms), cancel=CancelToken())
                for start_ms in range(first, first + 4)
            ]
            for start_ms, result in enumerate(results, first):
                found[name, start_ms] = result.result(WAIT_S).facts.start_ms
                done.release()

    with contextlib.closing(supervisor), contextlib.ExitStack() as closing:
        callers = []
        for name in ("one", "two", SEVERAL):
            (tmp_path / name).mkdir()
            (backend,) = host.open_recogniser(tmp_path / name, name)
            batcher = closing.enter_context(contextlib.closing(Batcher([backend])))
            callers += [
                threading.Thread(target=caller, args=(batcher, f"{name} {n}")) for n in range(2)
            ]
        for thread in callers:
            thread.start()
        for _ in range(KILLS):
            # So many that all which the last kill cost have been done again: whatever is alone in
            # two children that end is at fault, and who killed them is not asked.
            for _ in range(chance.randint(100, 140)):
                assert done.acquire(timeout=WAIT_S)
            child = supervisor.child
            if child is not None and child.alive:
                child.end(Cause(End.SIGNAL, "SIGKILL"))
        for thread in callers:
            thread.join(WAIT_S)
            assert not thread.is_alive()
    assert len(found) == 6 * PASSAGES
    assert all(heard_ms == start_ms for (_, start_ms), heard_ms in found.items())
