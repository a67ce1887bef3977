"""Servers that are made to fail, and what must be true of them afterwards."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from support.aftermath import Aftermath
from support.fleet import Fleet, python_path
from support.postgres import Cluster
from support.steps import Director, directing
from support.zygote import ForkedServer, Zygote, zygote


@pytest.fixture
def director() -> Iterator[Director]:
    with directing() as one:
        yield one


@pytest.fixture(scope="module")
def parent() -> Iterator[Zygote]:
    """Whom the servers are forked from; gone before tests elsewhere count their children."""
    with zygote({"PYTHONPATH": python_path()}) as one:
        yield one


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    """The URL of the servers' database; "" for a file in their folder."""
    if request.param == "sqlite":
        return ""
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.new_database()


@pytest.fixture
def fleet(tmp_path: Path, director: Director, store: str, parent: Zygote) -> Iterator[Fleet]:
    """Real processes on one store."""
    fleet = Fleet(tmp_path, director.env, database_url=store, make=partial(ForkedServer, parent))
    try:
        yield fleet
    finally:
        fleet.end()


@pytest.fixture
def aftermath(fleet: Fleet, director: Director) -> Aftermath:
    return Aftermath(fleet, director)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but the short ones, on SQLite, are long, and so not in ``make test``."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not (
            item.get_closest_marker("short") and "postgres" not in item.name
        ):
            item.add_marker(pytest.mark.long)
