"""What both places that keep bytes promise: a local folder, and a bucket of a real S3 server."""

from contextlib import closing
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.jobs.clock import wall_clock
from polycue.jobs.files.hashing import hash_of, hash_of_file
from polycue.jobs.files.protocol import Files, Part, Parts

LIVE = CancelToken()
DATA = bytes(range(256)) * 40


def kept(files: Files, *pieces: bytes, shelf: str = "uploads/u", parts: Parts = ()) -> Parts:
    with closing(files.grow(shelf, parts)) as growth:
        for piece in pieces:
            growth.append(piece)
            parts = growth.keep()
    return parts


def content(files: Files, parts: Parts) -> bytes:
    data = b""
    with closing(files.open(parts)) as reader:
        while more := reader.read(len(data), 1000):
            data += more
    return data


def put(files: Files, path: Path, data: bytes, key: str = "jobs/j/1/film.en.srt") -> Parts:
    path.write_bytes(data)
    files.put(key, path, cancel=LIVE)
    return (Part(key, len(data)),)


def test_a_file_that_grew_in_pieces_comes_back(files: Files) -> None:
    assert content(files, kept(files, DATA[:10], DATA[10:5000], DATA[5000:])) == DATA


def test_a_file_goes_on_behind_what_was_kept(files: Files) -> None:
    parts = kept(files, DATA[:100])
    with closing(files.grow("uploads/u", parts)) as growth:
        growth.append(b"lost")  # the server dies before it keeps this
    with closing(files.grow("uploads/u", parts)) as growth:
        assert growth.size_bytes == 100
        growth.append(DATA[100:])
        assert growth.size_bytes == len(DATA)
        parts = growth.keep()
    assert content(files, parts) == DATA


def test_nothing_new_to_keep_changes_nothing(files: Files) -> None:
    parts = kept(files, DATA)
    with closing(files.grow("uploads/u", parts)) as growth:
        assert growth.keep() == parts
        assert not growth.due


def test_a_file_is_read_from_anywhere(files: Files) -> None:
    parts = kept(files, DATA[:10], DATA[10:5000], DATA[5000:])
    with closing(files.open(parts)) as reader:
        for offset, most in ((0, 1), (9, 3), (4999, 2), (10_000, 5000), (3, 10)):
            read = reader.read(offset, most)
            assert 0 < len(read) <= most
            assert DATA[offset:].startswith(read)
        assert reader.read(len(DATA), 10) == b""


def test_a_kept_file_is_hashed_and_brought_to_where_programs_read(
    files: Files, tmp_path: Path
) -> None:
    parts = kept(files, DATA[:10], DATA[10:5000], DATA[5000:])
    path = tmp_path / "film.mkv"
    files.bring(parts, path, cancel=LIVE)
    files.remove("uploads/u")
    assert path.read_bytes() == DATA
    (tmp_path / "same").write_bytes(DATA)
    again = put(files, tmp_path / "again", DATA)
    assert hash_of(files, again) == hash_of_file(tmp_path / "same", LIVE)


def test_a_finished_file_takes_the_place_of_an_earlier_one(files: Files, tmp_path: Path) -> None:
    put(files, tmp_path / "a", b"first")
    assert content(files, put(files, tmp_path / "b", b"second")) == b"second"
    assert list(files.shelves()) == ["jobs/j"]


@pytest.mark.parametrize(
    "name", ["a b.srt", "100%?versionId=1.srt", "#ü+&.srt", "-x.srt", "日本.vtt"]
)
def test_odd_names_are_kept(files: Files, tmp_path: Path, name: str) -> None:
    parts = put(files, tmp_path / "a", DATA, f"jobs/j/1/{name}")
    assert content(files, parts) == DATA
    files.prune("jobs/j", parts)
    assert content(files, parts) == DATA


def test_pruning_leaves_what_is_named_and_removing_nothing(files: Files, tmp_path: Path) -> None:
    old = put(files, tmp_path / "a", DATA, "jobs/j/1/film.en.srt")
    new = put(files, tmp_path / "b", DATA, "jobs/j/2/film.en.srt")
    other = put(files, tmp_path / "c", DATA, "jobs/k/1/film.en.srt")
    files.prune("jobs/j", new)
    assert content(files, new) == DATA
    with pytest.raises(FileNotFoundError):
        content(files, old)
    files.remove("jobs/j")
    files.remove("jobs/j")
    assert list(files.shelves()) == ["jobs/k"]
    assert content(files, other) == DATA


def test_what_was_removed_is_not_found(files: Files, tmp_path: Path) -> None:
    parts = kept(files, DATA)
    files.remove("uploads/u")
    with pytest.raises(FileNotFoundError):
        content(files, parts)
    with pytest.raises(FileNotFoundError):
        files.bring(parts, tmp_path / "film.mkv", cancel=LIVE)


def test_a_shelf_tells_when_something_came_onto_it(files: Files) -> None:
    before_ms = wall_clock() - 5000  # a store's clock is not ours, and may count whole seconds
    kept(files, DATA)
    assert before_ms <= files.changed_ms("uploads/u") <= wall_clock() + 5000
    assert files.changed_ms("uploads/none") == 0
