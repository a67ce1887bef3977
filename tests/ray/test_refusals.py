"""Clusters that are absent, closed, of another kind, too small, or without a model.

Each is a clear state in health and a clear error to who asks, and jobs wait for better times.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from polycue_client import Polycue, errors
from support.demo import FILM, begin, import_models, tracks
from support.fleet import Fleet, Server, python_path
from support.ray_cluster import Cluster, running_cluster

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
CLIP_BYTES = 1_000_000


@pytest.fixture
def absent() -> Iterator[Cluster]:
    """No node of it is started yet."""
    with running_cluster() as one:
        yield one


@pytest.fixture
def serve_on(tmp_path: Path, models: Path) -> Iterator[Callable[..., Server]]:
    fleet = Fleet(tmp_path, {"PYTHONPATH": python_path()}, "", ("--engine=ray",))

    def start(cluster: Cluster, *given: str, **env: str) -> Server:
        where = f"--ray-address={cluster.address}"
        server = fleet.server(where, "--device=cpu", f"--models-dir={models}", *given)
        return server.start(**{**cluster.env, "PYTHONPATH": python_path(), **env})

    try:
        yield start
    finally:
        fleet.end()


def health(server: Server) -> int:
    with grpc.insecure_channel(server.address) as channel:
        service = "polycue.api.v1.TranscriptionService"
        stub: Any = health_pb2_grpc.HealthStub(channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(service=service)).status)


def refusal(polycue: Polycue) -> errors.PolycueClientError:
    """What a clip is refused with."""
    with pytest.raises(errors.PolycueClientError) as refused:
        polycue.transcribe(FILM)
    return refused.value


def waiting(polycue: Polycue, job: str, reason: str) -> None:
    """Come back when the job waits for that reason, and has not failed."""
    for event in polycue.watch(job):
        if event.HasField("job") and event.job.failure.reason:
            assert event.job.failure.reason == reason
            assert not event.job.HasField("end_time")
            return
    raise AssertionError("it never said why it waits")


def test_jobs_wait_for_a_cluster_that_is_absent(
    absent: Cluster, serve_on: Callable[..., Server], nodes_models: Path
) -> None:
    server = serve_on(absent)
    with server.client() as polycue:
        job = begin(polycue)
        waiting(polycue, job, "CLUSTER_UNAVAILABLE")
        assert health(server) == NOT_SERVING
        refused = refusal(polycue)
        assert refused.reason == "CLUSTER_UNAVAILABLE"
        assert absent.address in refused.message
        absent.head(1, POLYCUE_MODELS_DIR=str(nodes_models))
        polycue.wait(job)
        assert len(tracks(polycue, job)) == 4
        assert health(server) == SERVING


@pytest.fixture(scope="module")
def small() -> Iterator[Cluster]:
    """One node with one core and no GPU."""
    with running_cluster() as one:
        one.head(1)
        yield one


def test_a_cluster_that_does_not_know_the_token_lets_nobody_in(
    small: Cluster, serve_on: Callable[..., Server], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("0" * 64)
    server = serve_on(small, RAY_AUTH_TOKEN_PATH=str(token))
    with server.client() as polycue:
        refused = refusal(polycue)
    assert refused.reason == "CLUSTER_UNAVAILABLE"
    assert "does not know this server's token" in refused.message
    assert health(server) == NOT_SERVING


def test_a_gpu_that_no_node_has_is_named(small: Cluster, serve_on: Callable[..., Server]) -> None:
    server = serve_on(small, "--device=cuda", "--ray-gpus=1", "--ray-place-s=3")
    with server.client() as polycue:
        job = begin(polycue)
        waiting(polycue, job, "CLUSTER_UNAVAILABLE")
        refused = refusal(polycue)
    assert refused.reason == "CLUSTER_UNAVAILABLE"
    assert "no node has the 1 GPU" in refused.message
    assert health(server) == NOT_SERVING


def test_a_model_that_a_node_does_not_have_is_named_with_the_node(
    serve_on: Callable[..., Server], tmp_path: Path, models: Path
) -> None:
    """The server's folder is one that it alone sees by its name."""
    own = "/proc/self/cwd/own"
    (tmp_path / "own").symlink_to(models)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    with running_cluster({"POLYCUE_MODELS_DIR": str(nothing)}) as cluster:
        cluster.head(1)
        server = serve_on(cluster, f"--models-dir={own}")
        with server.client() as polycue:
            refused = refusal(polycue)
            assert refused.reason == "MODEL_MISSING"
            assert str(nothing) in str(refused.metadata) + refused.message
            assert health(server) == NOT_SERVING
            import_models(nothing)
            job = begin(polycue)
            polycue.wait(job)


def test_a_node_with_another_polycue_is_refused(
    serve_on: Callable[..., Server], tmp_path: Path
) -> None:
    info = tmp_path / "other" / "polycue-99.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: polycue\nVersion: 99.0\n")
    path = os.pathsep.join((str(info.parent), python_path()))
    with running_cluster({"PYTHONPATH": path}) as cluster:
        cluster.head(1)
        server = serve_on(cluster)
        with server.client() as polycue:
            refused = refusal(polycue)
        assert refused.reason == "CLUSTER_UNAVAILABLE"
        assert "polycue 99.0" in refused.message
        assert health(server) == NOT_SERVING


def test_a_cluster_of_another_ray_is_refused(serve_on: Callable[..., Server]) -> None:
    """Its head says that it is of another version."""
    other = (
        *(sys.executable, "-c"),
        "import ray; ray.__version__ = '2.1.0'; from ray.scripts.scripts import main; main()",
    )
    with running_cluster(ray=other) as cluster:
        cluster.head(1)
        server = serve_on(cluster)
        with server.client() as polycue:
            refused = refusal(polycue)
        assert refused.reason == "CLUSTER_UNAVAILABLE"
        assert "2.1.0" in refused.message
        assert health(server) == NOT_SERVING
