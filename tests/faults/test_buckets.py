"""A bucket that does not answer while servers keep uploads and results in it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from polycue.api.v1 import jobs_pb2
from polycue_client import Retry, errors
from support import health
from support.aftermath import Aftermath
from support.buckets import BUCKET, ENVIRONMENT, make_bucket, s3_server
from support.fleet import PATIENT, Fleet
from support.stepped_server import Film
from support.steps import Director
from support.zygote import ForkedServer, Zygote


class Outage:
    """A bucket that can be away for a while; what is in it stays."""

    def __init__(self) -> None:
        self._serving = ExitStack()
        self.endpoint = self._serving.enter_context(s3_server())
        make_bucket(self.endpoint)

    def begin(self) -> None:
        self._serving.close()

    def end(self) -> None:
        self._serving.enter_context(s3_server(int(self.endpoint.rpartition(":")[2])))


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    outage = Outage()
    yield outage
    outage.begin()


@pytest.fixture
def fleet(tmp_path: Path, director: Director, outage: Outage, parent: Zygote) -> Iterator[Fleet]:
    env = {**director.env, **ENVIRONMENT, "AWS_ENDPOINT_URL": outage.endpoint}
    settings = (f"--files-url=s3://{BUCKET}/{tmp_path.name}",)
    fleet = Fleet(tmp_path, env, settings=settings, make=partial(ForkedServer, parent))
    try:
        yield fleet
    finally:
        fleet.end()


def test_a_bucket_that_is_away_costs_a_job_a_pause(
    fleet: Fleet, director: Director, outage: Outage, aftermath: Aftermath
) -> None:
    """It is away as the results are to be kept, for longer than a call tries."""
    server = fleet.server("--max-running-jobs=1").start()
    held = director.hold("chunk", "a", 3)
    with server.client() as polycue:
        job = aftermath.create(polycue, Film("a", 4))
        held.wait()
        outage.begin()
        held.let_go()
        for event in polycue.watch(job):
            if event.job.state == jobs_pb2.JOB_STATE_INTERRUPTED:
                outage.end()
                break
        polycue.wait(job)
    aftermath.check(server)
    assert aftermath.redone() == 0


def test_a_bucket_that_is_away_is_told_by_health_and_to_callers(
    fleet: Fleet, outage: Outage
) -> None:
    server = fleet.server().start("--store-wait-s=1")
    path = Film("a", 2).write(fleet.folder)
    outage.begin()
    with server.client(Retry(attempts=1)) as once, pytest.raises(errors.ServerUnreachable) as away:
        once.upload(path)
    assert away.value.reason == "STORAGE_UNAVAILABLE"
    assert away.value.retry_after_s
    for service in ("UploadService", "ArtifactService"):
        health.wait_for(server, service, health.NOT_SERVING)
    assert health.status(server, "JobService") == health.SERVING
    outage.end()
    for service in ("UploadService", "ArtifactService"):
        health.wait_for(server, service, health.SERVING)
    with server.client() as polycue:
        polycue.upload(path)


def test_an_upload_goes_on_when_its_bucket_is_back(fleet: Fleet, outage: Outage) -> None:
    server = fleet.server().start()
    path = fleet.folder / "film.mkv"
    path.write_bytes(os.urandom(24 * 1024 * 1024))  # three pieces
    told: list[errors.PolycueClientError] = []

    def away(done: int, _: int) -> None:
        if done == 12 * 1024 * 1024 and not told:
            outage.begin()

    def waits(error: errors.PolycueClientError) -> None:
        if not told:
            outage.end()
        told.append(error)

    with server.client(replace(PATIENT, on_wait=waits)) as polycue:
        upload = polycue.upload(path, progress=away)
    assert upload.sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert told[0].reason == "STORAGE_UNAVAILABLE"
