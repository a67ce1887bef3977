from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import PolycueError
from polycue.domain.request import InputFile, SubtitleTask, Task
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board, JobDraft
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.folder import DataFolder
from polycue.jobs.job import Failure, Job
from polycue.jobs.runner import Runner, RunsTasks
from polycue.jobs.uploads import UploadLimits, Uploads
from polycue.testing.clock import ManualClock
from polycue.testing.store import MemoryJobs, MemoryUploads

DAY_MS = 24 * 60 * 60 * 1000


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
def board(jobs: MemoryJobs, artifacts: Artifacts, clock: ManualClock) -> Board:
    board = Board(jobs, artifacts, clock=clock, max_queued=3, max_ttl_ms=DAY_MS)
    board.recover()
    return board


@pytest.fixture
def upload_rows(clock: ManualClock) -> MemoryUploads:
    return MemoryUploads(clock)


@pytest.fixture
def uploads(upload_rows: MemoryUploads, files: LocalFiles, clock: ManualClock) -> Uploads:
    limits = UploadLimits(max_upload_bytes=1000, max_stored_bytes=2500, max_ttl_ms=DAY_MS)
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
    board: Board, folder: DataFolder, artifacts: Artifacts
) -> Iterator[Callable[[RunsTasks], Runner]]:
    """Start a runner with one worker; it is stopped, at once, when the test ends."""
    runners: list[Runner] = []

    def start(pipeline: RunsTasks) -> Runner:
        runner = Runner(
            board,
            pipeline,
            folder,
            artifacts,
            task_of=task_of,
            failure_of=failure_of,
            workers=1,
        )
        runners.append(runner)
        runner.start()
        return runner

    yield start
    for runner in runners:
        runner.stop(within_s=0)


@contextmanager
def task_of(job: Job, workdir: Path, _: CancelToken) -> Iterator[Task]:
    assert workdir.is_dir()
    path = Path(job.spec.decode())
    yield SubtitleTask(InputFile(path, path.name), targets=("es",))


def failure_of(error: Exception) -> Failure:
    known = isinstance(error, PolycueError)
    return Failure(9 if known else 13, type(error).__name__, str(error) if known else "internal")
