"""Servers that share a PostgreSQL and a bucket, and clients that know all of them."""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from polycue_client import Polycue, connect
from support.buckets import BUCKET, ENVIRONMENT, make_bucket, s3_server
from support.fleet import Fleet, Server
from support.postgres import Cluster
from support.steps import Director
from support.zygote import ForkedServer, Zygote


@pytest.fixture(scope="session")
def bucket() -> Iterator[dict[str, str]]:
    """What servers need in their environment to find it."""
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        env = {**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint}
        for name, value in env.items():
            patch.setenv(name, value)
        make_bucket(endpoint)
        yield env


@pytest.fixture
def fleet(
    tmp_path: Path,
    director: Director,
    postgres: Cluster,
    bucket: dict[str, str],
    parent: Zygote,
) -> Iterator[Fleet]:
    env = {**director.env, **bucket}
    shared = ("--max-running-jobs=1", f"--files-url=s3://{BUCKET}/{tmp_path.name}")
    make = partial(ForkedServer, parent)
    fleet = Fleet(tmp_path, env, postgres.new_database(), shared, make)
    try:
        yield fleet
    finally:
        fleet.end()


def replica(fleet: Fleet, number: int) -> Server:
    return fleet.server(data=fleet.folder / f"data-{number}")


@contextlib.contextmanager
def client_of(*servers: Server) -> Iterator[Polycue]:
    """One as anybody connects it, told of all the servers."""
    with connect(",".join(server.address for server in servers)) as polycue:
        yield polycue
