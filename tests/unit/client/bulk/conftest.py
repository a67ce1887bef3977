"""The command over a folder, at a server that does what it is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from polycue_client.cli.app import run
from polycue_client.testing import ScriptedServer

Bulk = Callable[..., int]


@pytest.fixture
def bulk(server: ScriptedServer, library: Path) -> Bulk:
    def over_the_library(*args: object) -> int:
        how = ["--recursive", "--server", server.address, *map(str, args)]
        return run(["subtitle", str(library), *how])

    return over_the_library


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    for name in ("a/one.mkv", "a/two.mkv", "b/three.mkv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder
