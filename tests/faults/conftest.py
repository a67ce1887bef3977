"""Servers that are made to fail, and what must be true of them afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.aftermath import Aftermath
from support.fleet import Fleet, python_path
from support.steps import Director, directing


@pytest.fixture
def director() -> Iterator[Director]:
    with directing() as one:
        yield one


@pytest.fixture
def fleet(tmp_path: Path, director: Director) -> Iterator[Fleet]:
    """Real processes on one store."""
    fleet = Fleet(tmp_path, {**director.env, "PYTHONPATH": python_path()})
    try:
        yield fleet
    finally:
        fleet.end()


@pytest.fixture
def aftermath(fleet: Fleet, director: Director) -> Aftermath:
    return Aftermath(fleet, director)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All but the short ones are long, and so not in ``make test``."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and not item.get_closest_marker("short"):
            item.add_marker(pytest.mark.long)
