import errno
import hashlib
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, NotFound, ReadPastEnd
from polycue.domain.progress import OutputFile
from polycue.jobs.artifacts import Artifacts, RangeReader
from polycue.jobs.folder import DataFolder
from polycue.jobs.job import Artifact, Job

TEXT = b"0123456789"


@pytest.fixture
def output(tmp_path: Path) -> OutputFile:
    path = tmp_path / "film.en.srt"
    path.write_bytes(TEXT)
    return OutputFile(path, "film.en.srt", "application/x-subrip", "en")


@pytest.fixture
def artifacts(folder: DataFolder) -> Artifacts:
    return Artifacts(folder)


def publish(artifacts: Artifacts, output: OutputFile, *taken: str) -> Artifact:
    return artifacts.publish("j", output, taken=taken, cancel=CancelToken())


def test_a_result_is_whole_hashed_and_found(artifacts: Artifacts, output: OutputFile) -> None:
    made = publish(artifacts, output)
    assert (made.id, made.size_bytes) == ("film.en.srt", 10)
    assert made.sha256 == hashlib.sha256(TEXT).digest()
    job = Job("j", b"", 1, 1, artifacts=(made,))
    found, path = artifacts.find(job, "film.en.srt")
    assert (found, path.read_bytes()) == (made, TEXT)
    assert output.path.exists()  # a later stage may still read it


def test_only_the_results_of_the_job_are_found(artifacts: Artifacts, output: OutputFile) -> None:
    job = Job("j", b"", 1, 1, artifacts=(publish(artifacts, output),))
    for name in ("", "film.de.srt", "../work", "../../../jobs.sqlite"):
        with pytest.raises(NotFound):
            artifacts.find(job, name)


def test_two_results_of_one_name_get_two(artifacts: Artifacts, output: OutputFile) -> None:
    assert publish(artifacts, output, "film.en.srt").id == "film.en.2.srt"
    assert publish(artifacts, output, "film.en.srt", "film.en.2.srt").id == "film.en.3.srt"


def test_a_name_with_folders_does_not_leave_the_folder(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder
) -> None:
    sly = OutputFile(output.path, "../../../sly.srt", "x/y", "en")
    assert publish(artifacts, sly).id == "sly.srt"
    assert (folder.results("j") / "sly.srt").exists()


def test_a_cancelled_job_publishes_nothing(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder
) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        artifacts.publish("j", output, taken=(), cancel=token)
    assert not folder.results("j").exists()


def test_where_there_are_no_links_it_copies(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    publish(artifacts, output)
    assert [path.name for path in folder.results("j").iterdir()] == ["film.en.srt"]
    assert (folder.results("j") / "film.en.srt").read_bytes() == TEXT


def pieces(path: Path, offset: int, limit: int, at_once: int = 4) -> list[bytes]:
    with closing(RangeReader(path, "x", offset=offset, limit_bytes=limit)) as reader:
        return list(iter(lambda: reader.read(at_once), b""))


def test_ranges_are_read_in_pieces(output: OutputFile) -> None:
    assert pieces(output.path, 0, 0) == [b"0123", b"4567", b"89"]
    assert pieces(output.path, 3, 5) == [b"3456", b"7"]
    assert pieces(output.path, 8, 100) == [b"89"]
    assert pieces(output.path, 10, 0) == []


def test_a_read_behind_the_end_is_refused(output: OutputFile) -> None:
    with pytest.raises(ReadPastEnd) as caught:
        RangeReader(output.path, "x", offset=11, limit_bytes=0)
    assert (caught.value.offset, caught.value.size_bytes) == (11, 10)


def test_a_reader_outlives_the_file(output: OutputFile) -> None:
    with closing(RangeReader(output.path, "x", offset=0, limit_bytes=0)) as reader:
        output.path.unlink()
        assert reader.read(100) == TEXT
    with pytest.raises(NotFound):
        RangeReader(output.path, "x", offset=0, limit_bytes=0)
