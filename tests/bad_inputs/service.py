"""The real service as a process of its own, and what comes of an input that is given to it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bad_inputs.entry import Entry, Way
from polycue.api.v1 import jobs_pb2, media_pb2
from polycue_client import PolycueClientError, connect, requests
from polycue_client.client import Polycue

START_S = 120
MOST_S = 120.0  # after which an input counts as one that hangs
_ENDED = {
    jobs_pb2.JOB_STATE_SUCCEEDED,
    jobs_pb2.JOB_STATE_FAILED,
    jobs_pb2.JOB_STATE_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason`` of a refusal, "" for a success, whose notices' reasons are in ``notices``."""

    reason: str
    message: str = ""
    notices: frozenset[str] = frozenset()
    seconds: float = 0.0
    cues: int = 0
    error_bytes: int = 0
    text: str = ""

    def __str__(self) -> str:
        if self.reason:
            return f"R {self.reason}"
        return f"W {', '.join(sorted(self.notices))}" if self.notices else "OK"


@dataclass(frozen=True, slots=True)
class Service:
    address: str
    pid: int


@contextmanager
def running(
    folder: Path, models: Path, roots: Sequence[Path], *, missing: str = "", **flags: object
) -> Iterator[Service]:
    """``missing`` is a defence to do without, ``flags`` are settings."""
    ready, tell = os.pipe()
    program = [sys.executable, "-m", "polycue"]
    if missing:
        half = Path(__file__).with_name("half_guarded.py")
        program = [sys.executable, str(half), missing]
    argv = [
        *program,
        *("--listen=127.0.0.1:0", f"--data-dir={folder / 'data'}", f"--models-dir={models}"),
        *(f"--file-root={root}" for root in roots),
        *(f"--{name.replace('_', '-')}={value}" for name, value in flags.items()),
        *("--device=cpu", "--threads=1", f"--ready-fd={tell}"),
    ]
    log = folder / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(argv, pass_fds=[tell], stderr=stderr)
    os.close(tell)
    try:
        with open(ready, encoding="utf-8") as pipe:
            address = pipe.readline().strip()
        if not address:
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
        yield Service(address, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def client_of(service: Service) -> Iterator[Polycue]:
    with connect(service.address) as client:
        yield client


def given(client: Polycue, entry: Entry, path: Path) -> Outcome:
    """What becomes of a job for this file."""
    began = time.monotonic()
    try:
        job = _job(client, entry, path)
        while job.state not in _ENDED:
            if time.monotonic() - began > MOST_S:
                client.cancel(job)
                return Outcome("HANGS", seconds=time.monotonic() - began)
            time.sleep(0.02)
            job = client.get_job(job.name)
    except PolycueClientError as error:
        seconds = time.monotonic() - began
        size = len(error.message.encode())
        return Outcome(error.reason or error.status, error.message, frozenset(), seconds, 0, size)
    seconds = time.monotonic() - began
    return _outcome(client, job, seconds)


def _job(client: Polycue, entry: Entry, path: Path) -> jobs_pb2.Job:
    layout = media_pb2.LayoutConfig(preset="netflix", shots=media_pb2.SHOT_MODE_ON)
    if entry.way is Way.FILE:
        source = media_pb2.MediaSource(uri=path.as_uri())
    else:
        upload = client.upload(path, filename=entry.filename or path.name)
        source = media_pb2.MediaSource(upload=upload.name)
    spec = requests.subtitle_spec(source, layout=layout, formats=("srt", "vtt"))
    return client.create_job(spec, fresh=True)


def _outcome(client: Polycue, job: jobs_pb2.Job, seconds: float) -> Outcome:
    if job.state != jobs_pb2.JOB_STATE_SUCCEEDED:
        failure = job.failure
        size = failure.ByteSize()
        reason = failure.reason or jobs_pb2.JobState.Name(job.state)
        return Outcome(reason, failure.message, frozenset(), seconds, 0, size, str(failure))
    notices = frozenset(notice.reason for notice in job.notices)
    tracks = {artifact.filename: client.read(artifact).decode() for artifact in job.artifacts}
    srt = next((text for name, text in tracks.items() if name.endswith(".srt")), "")
    text = "\n".join([*tracks.values(), *(notice.message for notice in job.notices)])
    return Outcome("", "", notices, seconds, srt.count(" --> "), 0, text)
