from pathlib import Path

import pytest

from polycue.domain.errors import InvalidRequest
from polycue.rpc.sources import _fitting, local_file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    (root / "sub").mkdir(parents=True)
    (root / "a film, 100% ü #1?.mkv").touch()
    (root / "sub" / "b.mkv").touch()
    (tmp_path / "filmset.mkv").touch()
    return root


def find(uri: str, *roots: Path) -> Path:
    return local_file(uri, "media.uri", [root.resolve() for root in roots])


def test_odd_names_are_found_by_their_uri(root: Path) -> None:
    for path in (root / "a film, 100% ü #1?.mkv", root / "sub" / "b.mkv"):
        assert find(path.as_uri(), root) == path
        assert find(path.as_uri().replace("file://", "file://localhost"), root) == path


def test_a_root_is_a_folder_not_a_prefix(root: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="none of the folders"):
        find((tmp_path / "filmset.mkv").as_uri(), root)


def test_what_lies_elsewhere_is_not_even_confirmed_to_exist(root: Path, tmp_path: Path) -> None:
    problems = set()
    for path in (tmp_path / "filmset.mkv", tmp_path / "nothing.mkv"):
        with pytest.raises(InvalidRequest) as caught:
            find(path.as_uri(), root)
        problems.add(caught.value.problem)
    assert len(problems) == 1


def test_links_are_followed_before_they_are_judged(root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path)
    (root / "in.mkv").symlink_to(root / "sub" / "b.mkv")
    (root / "loop").symlink_to(root / "loop")
    assert find((root / "in.mkv").as_uri(), root) == root / "sub" / "b.mkv"
    for name in ("out/filmset.mkv", "loop"):
        with pytest.raises(InvalidRequest):
            find((root / name).as_uri(), root)
    linked_root = tmp_path / "linked"
    linked_root.symlink_to(root)
    assert find((linked_root / "sub" / "b.mkv").as_uri(), linked_root).name == "b.mkv"


def test_only_plain_files_are_read(root: Path) -> None:
    import os

    os.mkfifo(root / "pipe")
    for path in (root, root / "sub", root / "pipe", root / "gone.mkv"):
        with pytest.raises(InvalidRequest):
            find(path.as_uri(), root)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "file:",
        "file://",
        "file:relative",
        "file:///%00",
        "file:///%ff%fe",
        "file://[bad/x",
        "FILE:////etc/passwd",
        "file:///" + "x" * 5000,
        "data:,x",
    ],
)
def test_nonsense_is_refused(root: Path, uri: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        find(uri, root)
    assert caught.value.field == "media.uri"


def test_names_leave_room_for_what_results_add() -> None:
    assert _fitting(Path("film.mkv")) == "film.mkv"
    long = _fitting(Path("ü" * 120 + ".mkv"))
    assert long.endswith(".mkv")
    assert 190 < len(long.encode()) <= 200
    assert _fitting(Path("a." + "x" * 240)) == "a"
    assert _fitting(Path("\udcff.mkv")) == "media.mkv"
