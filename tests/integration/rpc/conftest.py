from pathlib import Path

import pytest

from support.serving import Serve


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    return Serve(tmp_path / "data")


@pytest.fixture
def film(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    path = folder / "film.mkv"
    path.write_bytes(b"a film")
    return path
