"""A server that is told to stop in the middle of a batch."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc

from polycue.api.v1 import jobs_pb2, media_pb2
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support import stuck

WAIT_S = 60


def test_a_batch_that_does_not_end_holds_up_no_exit(repository: Path, tmp_path: Path) -> None:
    import_models(repository / "demo" / "models" / "whisper", ModelStore(tmp_path / "models"))
    film = repository / "demo" / "tour.mp4"
    ready, tell = os.pipe()
    flags = [
        "--listen=127.0.0.1:0",
        "--drain-s=0.1",
        f"--ready-fd={tell}",
        f"--data-dir={tmp_path / 'data'}",
        f"--models-dir={tmp_path / 'models'}",
        f"--file-root={film.parent}",
    ]
    with subprocess.Popen(
        [sys.executable, stuck.__file__, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[tell],
    ) as server:
        try:
            os.close(tell)
            with os.fdopen(ready) as told:
                address = told.readline().strip()
            _queue(address, film)
            assert server.stdout is not None
            assert server.stdout.readline() == b"recognising\n"
            server.send_signal(signal.SIGTERM)
            _, words = server.communicate(timeout=WAIT_S)
        finally:
            server.kill()
    assert server.returncode == 0
    assert b"state=interrupted" in words


def _queue(address: str, film: Path) -> None:
    spec = jobs_pb2.JobSpec(
        subtitle=jobs_pb2.SubtitleTask(
            media=media_pb2.MediaSource(uri=film.as_uri()),
            formats=[media_pb2.SUBTITLE_FORMAT_SRT],
        )
    )
    with grpc.insecure_channel(address) as channel:
        JobServiceStub(channel).CreateJob(jobs_pb2.CreateJobRequest(spec=spec))
