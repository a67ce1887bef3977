import os
from pathlib import Path

import pytest

from polycue.domain.errors import DataFolderInUse, Unwritable
from polycue.jobs.folder import DataFolder


def test_a_second_server_is_kept_out_and_told_who_is_in(tmp_path: Path) -> None:
    first = DataFolder(tmp_path)
    with pytest.raises(DataFolderInUse, match=f"process {os.getpid()}.*--data-dir"):
        DataFolder(tmp_path)
    first.close()
    DataFolder(tmp_path).close()


def test_the_scratch_that_a_crash_left_behind_is_removed(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    for path in (folder.work("job") / "a", folder.calls / "c" / "d", tmp_path / "jobs" / "kept"):
        path.parent.mkdir(parents=True)
        path.touch()
    folder.clean()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"lock", "calls", "work", "jobs", "jobs/kept"}
    folder.close()


def test_nobody_else_can_look_in(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    assert folder.root.stat().st_mode & 0o777 == 0o700
    folder.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable):
        DataFolder(tmp_path / "file" / "data")
