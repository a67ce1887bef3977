from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PoisonJob, PolycueError
from polycue.domain.request import InputFile, SubtitleTask, Task
from polycue.engine.ledger import Ledger
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.at_work import AtWork
from polycue.jobs.attempt import RunsTasks, Workshop
from polycue.jobs.bells import Bells
from polycue.jobs.board import Board, BoardLimits, JobDraft
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.folder import DataFolder
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.job import Failure, Job
from polycue.jobs.runner import Runner
from polycue.jobs.store.protocol import JobStore
from polycue.jobs.uploads import UploadLimits, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import MemoryJobs, MemoryUploads

DAY_MS = 24 * 60 * 60 * 1000
LEASE_MS = 30_000
NEVER_S = 1e6  # a heart beats where a test says so, and not because the machine is slow
WAIT_S = 60


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "data")
    yield folder
    folder.close()


@pytest.fixture
def files(folder: DataFolder) -> LocalFiles:
    return LocalFiles(folder.root)


@pytest.fixture
def artifacts(files: LocalFiles) -> Artifacts:
    return Artifacts(files)


@pytest.fixture
def jobs(clock: ManualClock) -> MemoryJobs:
    return MemoryJobs(clock)


@pytest.fixture
def bells() -> Bells:
    return Bells()


@pytest.fixture
def crew(jobs: MemoryJobs, artifacts: Artifacts, clock: ManualClock, bells: Bells) -> "Crew":
    return Crew(jobs, artifacts, clock, bells, "here")


@pytest.fixture
def board(crew: "Crew") -> Board:
    return crew.board


@pytest.fixture
def at_work(crew: "Crew") -> AtWork:
    return crew.at_work


@pytest.fixture
def upload_rows(clock: ManualClock) -> MemoryUploads:
    return MemoryUploads(clock)


@pytest.fixture
def uploads(upload_rows: MemoryUploads, files: LocalFiles, clock: ManualClock) -> Uploads:
    limits = UploadLimits(
        max_upload_bytes=1000, max_stored_bytes=2500 + 3 * 16 * 1024, max_ttl_ms=DAY_MS
    )
    return Uploads(upload_rows, files, clock=clock, limits=limits)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"a film")
    return path


@pytest.fixture
def draft(film: Path) -> JobDraft:
    """Its spec is the path of the film, which ``run`` below understands."""
    return JobDraft(spec=str(film).encode())


@pytest.fixture
def run(
    crew: "Crew", folder: DataFolder, artifacts: Artifacts
) -> Iterator[Callable[[RunsTasks], Runner]]:
    """Start a runner with one worker; it is stopped, at once, when the test ends."""
    runners: list[Runner] = []

    def start(pipeline: RunsTasks) -> Runner:
        runners.append(crew.runner(pipeline, folder, artifacts))
        runners[-1].start()
        return runners[-1]

    yield start
    for runner in runners:
        runner.stop(within_s=WAIT_S)


class Crew:
    """What one server has around a store; two of them on one store are two servers."""

    def __init__(
        self,
        jobs: JobStore,
        artifacts: Artifacts,
        clock: ManualClock,
        bells: Bells,
        owner: str,
    ) -> None:
        self.jobs, self.bells = jobs, bells
        self.ledger = Ledger()
        self._again = partial(Crew, jobs, artifacts, clock)
        self.at_work = AtWork(
            jobs,
            self.bells,
            owner=owner,
            clock=clock,
            lease_ms=LEASE_MS,
            max_attempts=3,
            poisoned=poisoned,
        )
        self.heartbeat = Heartbeat(self.at_work, jobs, lease_s=NEVER_S, poll_s=NEVER_S)
        self.board = Board(
            jobs,
            self.at_work,
            artifacts,
            self.bells,
            clock=clock,
            limits=BoardLimits(max_queued=3, max_ttl_ms=DAY_MS),
        )

    def again(self, owner: str = "here") -> "Crew":
        """A server on the same store: the same one after a crash, or another beside it."""
        crew = self._again(Bells(), owner)
        if owner == self.at_work.owner:
            crew.at_work.recover()
        return crew

    def runner(self, pipeline: RunsTasks, folder: DataFolder, artifacts: Artifacts) -> Runner:
        shop = Workshop(
            self.at_work,
            self.jobs,
            pipeline,
            folder,
            artifacts,
            self.ledger,
            task_of=task_of,
            failure_of=failure_of,
        )
        return Runner(self.at_work, self.heartbeat, shop, workers=1, poll_s=0.05)


def poisoned(job: Job) -> Failure:
    return failure_of(PoisonJob(job.id, job.attempts, job.reached))


@contextmanager
def task_of(job: Job, workdir: Path, _: CancelToken) -> Iterator[Task]:
    assert workdir.is_dir()
    path = Path(job.spec.decode())
    yield SubtitleTask(InputFile(path, path.name), targets=("es",))


def failure_of(error: Exception) -> Failure:
    known = isinstance(error, PolycueError)
    return Failure(9 if known else 13, type(error).__name__, str(error) if known else "internal")
