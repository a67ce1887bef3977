"""A real Ray cluster on loopback, and servers whose models live in its actors."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.demo import import_models
from support.fleet import Fleet, Server, python_path
from support.ray_cluster import Cluster, running_cluster

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'polycue[ray]'")

Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's."""
    return import_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def nodes_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the nodes, which have their own."""
    return import_models(tmp_path_factory.mktemp("nodes-models"))


@pytest.fixture(scope="module")
def cluster(nodes_models: Path) -> Iterator[Cluster]:
    """A head that computes nothing, and two nodes with room for an actor each."""
    with running_cluster({"POLYCUE_MODELS_DIR": str(nodes_models)}) as one:
        one.head(0)
        for _ in range(2):
            one.worker(1)
        yield one


@pytest.fixture
def two_nodes(cluster: Cluster) -> Cluster:
    """It, with what the test before took away back again."""
    cluster.mend()
    return cluster


@pytest.fixture
def serve(tmp_path: Path, models: Path, cluster: Cluster) -> Iterator[Serve]:
    """Starts a server on the cluster."""
    flags = (f"--models-dir={models}", "--engine=ray", f"--ray-address={cluster.address}")
    env = {**cluster.env, "PYTHONPATH": python_path()}
    fleet = Fleet(tmp_path, env, "", (*flags, "--ray-place-s=20"))

    def start(*given: str) -> Server:
        return fleet.server("--device=cpu", "--ray-actors-min=2", *given).start()

    try:
        yield start
    finally:
        fleet.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All are long, and so not in ``make test``."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.timeout(600))  # a cluster takes its time to start
