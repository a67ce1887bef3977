"""What is taken out of the Python packages of an image."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

LeaveOut = Callable[[Path, list[str]], None]


@pytest.fixture
def leave_out(repository: Path) -> LeaveOut:
    spec = importlib.util.spec_from_file_location(
        "leave_out", repository / "deploy/image/leave_out.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: LeaveOut = module.leave_out
    return found


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in ("store/data/s3/api.json", "store/data/films/api.json", "store/tests/one.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    return tmp_path


def files(site: Path) -> set[str]:
    return {str(path.relative_to(site)) for path in site.rglob("*") if path.is_file()}


def test_what_matches_goes_and_what_is_excepted_stays(leave_out: LeaveOut, site: Path) -> None:
    leave_out(site, ["store/data/*", "!store/data/s3", "**/tests"])
    assert files(site) == {"store/data/s3/api.json"}


def test_a_rule_for_nothing_stops_the_build(leave_out: LeaveOut, site: Path) -> None:
    with pytest.raises(SystemExit, match="store/films"):
        leave_out(site, ["store/films"])
    assert len(files(site)) == 3
