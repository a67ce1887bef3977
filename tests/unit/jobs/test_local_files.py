import errno
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, StorageFull
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.protocol import Part

LIVE = CancelToken()
KEY = "jobs/j/1/film.srt"


def test_what_a_crash_left_of_a_result_is_in_nobodys_way(
    files: LocalFiles, film: Path, tmp_path: Path
) -> None:
    partial = tmp_path / "data" / "jobs" / "j" / "1" / ".film.srt.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"half")
    files.put(KEY, film, cancel=LIVE)
    with closing(files.open((Part(KEY, 6),))) as reader:
        assert reader.read(0, 10) == b"a film"
    assert not partial.exists()


@pytest.fixture
def _no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", link)


@pytest.mark.usefixtures("_no_links")
def test_a_result_appears_only_when_it_was_copied_whole(
    files: LocalFiles, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sendfile(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "sendfile", sendfile)
        with pytest.raises(StorageFull):
            files.put(KEY, film, cancel=LIVE)
    with pytest.raises(FileNotFoundError):
        files.open((Part(KEY, 6),))
    files.put(KEY, film, cancel=LIVE)
    files.open((Part(KEY, 6),)).close()


@pytest.mark.usefixtures("_no_links")
def test_a_copy_hears_a_cancel(files: LocalFiles, film: Path, tmp_path: Path) -> None:
    files.put(KEY, film, cancel=LIVE)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        files.bring((Part(KEY, 6),), tmp_path / "input", cancel=token)


def test_an_input_outlives_what_it_was_linked_to(
    files: LocalFiles, film: Path, tmp_path: Path
) -> None:
    files.put(KEY, film, cancel=LIVE)
    files.bring((Part(KEY, 6),), tmp_path / "input", cancel=LIVE)
    files.remove("jobs/j")
    shutil.rmtree(film, ignore_errors=True)
    assert (tmp_path / "input").read_bytes() == b"a film"
