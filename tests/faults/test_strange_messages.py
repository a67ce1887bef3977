"""Every method gets messages that nobody would send: none may end as a fault of the server."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polycue.api.v1 import media_pb2
from polycue_client import Polycue
from support.fleet import Fleet, Server
from support.memory import open_files, resident_bytes, threads
from support.served import Served, served
from support.strange import METHODS, Strange, send

MIB = 1024 * 1024
OK = grpc.StatusCode.OK
OUR_FAULT = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}

Ended = Counter[tuple[str, grpc.StatusCode]]


def name_of(method: object) -> str:
    return str(getattr(method, "name", method))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("strange")
    with served(folder / "data", upload_idle_s=1.0) as server:
        yield server


@pytest.fixture(scope="module")
def channel(standing: Served) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(standing.address) as one:
        yield one


@pytest.mark.short
@pytest.mark.parametrize("method", METHODS, ids=name_of)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(chance=st.randoms(use_true_random=False))
def test_no_message_is_a_fault_of_the_server(
    channel: grpc.Channel, method: MethodDescriptor, chance: random.Random
) -> None:
    requests = Strange(chance).requests(method)
    assert send(channel, method, requests, timeout_s=2) not in OUR_FAULT, requests


def _things(polycue: Polycue, film: Path) -> list[str]:
    """Names of resources that exist, for calls to find."""
    upload = polycue.upload(film)
    job = polycue.subtitle(media_pb2.MediaSource(upload=upload.name), formats=["srt"])
    job = polycue.wait(job)
    return [upload.name, job.name, *(artifact.name for artifact in job.artifacts)]


def test_ten_thousand_strange_calls_leave_nothing_behind(fleet: Fleet, tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    film.write_text('{"name": "a", "chunks": 1}')
    server = fleet.server("--upload-idle-s=1").start()
    with server.client() as polycue, grpc.insecure_channel(server.address) as channel:
        names = _things(polycue, film)
        ended: Ended = Counter()
        _many(channel, names, 2_000, ended, seed=1)
        held = _held(server)
        _many(channel, names, 8_000, ended, seed=2)
        for name in (job.name for job in polycue.jobs()):
            polycue.cancel(name)
        assert [key for key in ended if key[1] in OUR_FAULT] == []
        assert sum(times for (_, code), times in ended.items() if code is OK) > 500
        rss, files, running = _held(server)
        assert rss - held[0] < 24 * MIB
        assert (files, running) <= (held[1] + 8, held[2] + 4)


def _many(
    channel: grpc.Channel,
    names: list[str],
    calls: int,
    ended: Ended,
    *,
    seed: int,
) -> None:
    def one(number: int) -> tuple[str, grpc.StatusCode]:
        chance = random.Random(f"{seed} {number}")
        method = chance.choice(METHODS)
        requests = Strange(chance, names).requests(method)
        return method.name, send(channel, method, requests, timeout_s=2)

    with ThreadPoolExecutor(8) as pool:
        ended.update(pool.map(one, range(calls)))


def _held(server: Server) -> tuple[int, int, int]:
    return resident_bytes(server.pid), open_files(server.pid), threads(server.pid)
