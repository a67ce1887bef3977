import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import InvalidRequest, SourceRefused
from polycue.jobs.inputs.elsewhere import Elsewhere, fitting
from polycue.jobs.inputs.roots import Roots
from polycue.jobs.inputs.rules import SourceRules
from polycue.jobs.inputs.web import Web


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    (root / "sub").mkdir(parents=True)
    (root / "a film, 100% ü #1?.mkv").write_bytes(b"a")
    (root / "sub" / "b.mkv").write_bytes(b"b")
    (tmp_path / "filmset.mkv").touch()
    return root


def elsewhere(*roots: Path) -> Elsewhere:
    rules = SourceRules(file_roots=roots)
    return Elsewhere(rules, Web(rules), None)


def find(uri: str, *roots: Path) -> str:
    return elsewhere(*roots).name_of(uri, "media.uri")


def test_odd_names_are_found_by_their_uri(root: Path) -> None:
    for path in (root / "a film, 100% ü #1?.mkv", root / "sub" / "b.mkv"):
        assert find(path.as_uri(), root) == path.name
        assert find(path.as_uri().replace("file://", "file://localhost"), root) == path.name
        assert find(path.as_uri().replace("file", "FILE", 1), root) == path.name


def test_without_folders_no_file_is_read(root: Path) -> None:
    with pytest.raises(SourceRefused, match="upload"):
        find((root / "sub" / "b.mkv").as_uri())


def test_a_root_is_a_folder_not_a_prefix(root: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="none of the folders"):
        find((tmp_path / "filmset.mkv").as_uri(), root)


def test_what_lies_elsewhere_is_not_even_confirmed_to_exist(root: Path, tmp_path: Path) -> None:
    problems = set()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "back").symlink_to(root)
    led_here = [f"/proc/{pid}/root{root}/sub/b.mkv" for pid in (os.getpid(), 2**30)]
    for path in (
        *(tmp_path / name for name in ("filmset.mkv", "nothing.mkv", "loop", "x" * 300)),
        *(tmp_path / "back" / "sub" / "b.mkv", root / ".." / "back" / "sub" / "b.mkv"),
        *map(Path, led_here),
    ):
        with pytest.raises(SourceRefused) as caught:
            find(path.as_uri(), root)
        problems.add(caught.value.problem)
    assert len(problems) == 1


def test_links_are_followed_before_they_are_judged(root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path)
    (root / "in.mkv").symlink_to(root / "sub" / "b.mkv")
    (root / "loop").symlink_to(root / "loop")
    assert find((root / "in.mkv").as_uri(), root) == "b.mkv"
    for name in ("out/filmset.mkv", "loop"):
        with pytest.raises(InvalidRequest):
            find((root / name).as_uri(), root)
    linked_root = tmp_path / "linked"
    linked_root.symlink_to(root)
    assert find((linked_root / "sub" / "b.mkv").as_uri(), linked_root) == "b.mkv"


def test_only_plain_files_are_read(root: Path) -> None:
    os.mkfifo(root / "pipe")
    for path in (root, root / "sub", root / "pipe", root / "gone.mkv"):
        with pytest.raises(InvalidRequest):
            find(path.as_uri(), root)
    with pytest.raises(InvalidRequest):
        find("file:///dev/zero", Path("/dev"))


@pytest.mark.parametrize("swapped", ["sub", "sub/b.mkv"])
def test_a_link_put_in_place_of_what_was_checked_is_not_followed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    secret = tmp_path / "secrets" / "b.mkv"
    secret.parent.mkdir()
    secret.write_bytes(b"secret")
    resolve = Path.resolve

    def resolve_and_lose_the_race(path: Path, strict: bool = False) -> Path:
        resolved = resolve(path, strict)
        if path.name == "b.mkv":
            (root / swapped).rename(root / "aside")
            (root / swapped).symlink_to(secret if swapped.endswith(".mkv") else secret.parent)
        return resolved

    roots = Roots([root])
    monkeypatch.setattr(Path, "resolve", resolve_and_lose_the_race)
    with pytest.raises(InvalidRequest, match="no such file"):
        roots.open(root / "sub" / "b.mkv", "media.uri")


def test_what_was_opened_is_what_is_read_whatever_becomes_of_its_name(
    root: Path, tmp_path: Path
) -> None:
    path = root / "sub" / "b.mkv"
    place = elsewhere(root)
    bench = place.bench(tmp_path / "work", CancelToken())
    with bench.held:
        file = place.bring(path.as_uri(), "media.uri", bench)
        path.unlink()
        path.symlink_to(tmp_path / "filmset.mkv")
        assert (file.filename, file.identity) == ("b.mkv", "")
        assert file.path.parent.parent == tmp_path / "work" / "inputs"
        assert file.path.read_bytes() == b"b"
        descriptor = int(os.readlink(file.path).rpartition("/")[2])
        assert not os.get_inheritable(descriptor)
    with pytest.raises(OSError, match="No such file"):
        file.path.read_bytes()


def test_no_descriptor_is_left_open(root: Path) -> None:
    for uri in ((root / "sub" / "b.mkv").as_uri(), (root / "sub").as_uri(), "file:///nowhere"):
        for _ in range(3):
            try:
                find(uri, root)
            except InvalidRequest:
                continue
    assert [path for path in open_files() if path.is_relative_to(root)] == []


def open_files() -> Iterator[Path]:
    """What this process has open, of whichever thread."""
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed meanwhile
            yield Path(os.readlink(f"/proc/self/fd/{descriptor}"))


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
        "file://elsewhere/films/a.mkv",
        "file:///films/a.mkv?x",
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
    assert fitting("film.mkv") == "film.mkv"
    long = fitting("ü" * 120 + ".mkv")
    assert long.endswith(".mkv")
    assert 190 < len(long.encode()) <= 200
    assert fitting("a." + "x" * 240) == "a"
    assert fitting("\udcff.mkv") == "_.mkv"
    assert fitting("a\n\x1b[2J.mkv") == "a__[2J.mkv"
