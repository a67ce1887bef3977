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
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.folder import DataFolder
from polycue.jobs.job import Artifact, Job

TEXT = b"0123456789"


@pytest.fixture
def output(tmp_path: Path) -> OutputFile:
    path = tmp_path / "film.en.srt"
    path.write_bytes(TEXT)
    return OutputFile(path, "film.en.srt", "application/x-subrip", "en")


def publish(artifacts: Artifacts, output: OutputFile, *taken: str, epoch: int = 1) -> Artifact:
    return artifacts.publish("j", output, epoch=epoch, taken=taken, cancel=CancelToken())


def content(artifacts: Artifacts, made: Artifact) -> bytes:
    with closing(artifacts.reader(made, "x", offset=0, limit_bytes=0)) as reader:
        return reader.read(1000)


def test_a_result_is_whole_hashed_and_found(artifacts: Artifacts, output: OutputFile) -> None:
    made = publish(artifacts, output)
    assert (made.id, made.size_bytes) == ("film.en.srt", 10)
    assert made.sha256 == hashlib.sha256(TEXT).digest()
    job = Job("j", "acme", b"", 1, 1, artifacts=(made,))
    assert artifacts.find(job, "film.en.srt") == made
    assert content(artifacts, made) == TEXT
    assert output.path.exists()  # a later stage may still read it


def test_only_the_results_of_the_job_are_found(artifacts: Artifacts, output: OutputFile) -> None:
    job = Job("j", "acme", b"", 1, 1, artifacts=(publish(artifacts, output),))
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
    assert (folder.root / "jobs" / "j" / "1" / "sly.srt").exists()


def test_a_cancelled_job_publishes_nothing(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder
) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        artifacts.publish("j", output, epoch=1, taken=(), cancel=token)
    assert not (folder.root / "jobs").exists()


def test_where_there_are_no_links_it_copies(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    made = publish(artifacts, output)
    assert [path.name for path in (folder.root / "jobs/j/1").iterdir()] == ["film.en.srt"]
    assert content(artifacts, made) == TEXT


def test_a_worker_that_lost_its_job_overwrites_nothing(
    artifacts: Artifacts, output: OutputFile, folder: DataFolder
) -> None:
    won = publish(artifacts, output, epoch=2)
    output.path.unlink()
    output.path.write_bytes(b"late")
    publish(artifacts, output, epoch=1)
    assert content(artifacts, won) == TEXT
    artifacts.prune(Job("j", "acme", b"", 1, 1, artifacts=(won,)))
    assert [path.name for path in (folder.root / "jobs/j").rglob("*.srt")] == ["film.en.srt"]
    assert content(artifacts, won) == TEXT


def pieces(artifacts: Artifacts, made: Artifact, offset: int, limit: int) -> list[bytes]:
    with closing(artifacts.reader(made, "x", offset=offset, limit_bytes=limit)) as reader:
        return list(iter(lambda: reader.read(4), b""))


def test_ranges_are_read_in_pieces(artifacts: Artifacts, output: OutputFile) -> None:
    made = publish(artifacts, output)
    assert pieces(artifacts, made, 0, 0) == [b"0123", b"4567", b"89"]
    assert pieces(artifacts, made, 3, 5) == [b"3456", b"7"]
    assert pieces(artifacts, made, 8, 100) == [b"89"]
    assert pieces(artifacts, made, 10, 0) == []


def test_a_read_behind_the_end_is_refused(artifacts: Artifacts, output: OutputFile) -> None:
    with pytest.raises(ReadPastEnd) as caught:
        artifacts.reader(publish(artifacts, output), "x", offset=11, limit_bytes=0)
    assert (caught.value.offset, caught.value.size_bytes) == (11, 10)


def test_a_result_that_was_removed_is_not_found(artifacts: Artifacts, output: OutputFile) -> None:
    made = publish(artifacts, output)
    artifacts.remove("j")
    with pytest.raises(NotFound):
        artifacts.reader(made, "x", offset=0, limit_bytes=0)
