"""A client with no time to lose, and a server that does what it is told."""

from collections.abc import Iterator

import pytest

from polycue_client import Polycue, Retry, connect
from polycue_client.testing import ScriptedServer


@pytest.fixture(autouse=True)
def no_server_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYCUE_SERVER", raising=False)


@pytest.fixture(autouse=True)
def state_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What runs over many films remember."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def impatient() -> Retry:
    return Retry(attempts=4, first_delay_s=0.0, longest_delay_s=0.0)


@pytest.fixture
def polycue(server: ScriptedServer, impatient: Retry) -> Iterator[Polycue]:
    with connect(server.address, retry=impatient, timeout_s=60.0) as client:
        yield client
