from pathlib import Path

import pytest

from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Files
from polycue.jobs.files.timed import TimedFiles
from polycue.jobs.job import new_id
from support.buckets import BUCKET


@pytest.fixture
def bucket_files(objects: Objects) -> BucketFiles:
    """A prefix of its own for each test."""
    return BucketFiles(objects, f"{BUCKET}/{new_id()}")


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return TimedFiles(LocalFiles(tmp_path / "kept"), "folder")
    return TimedFiles(request.getfixturevalue("bucket_files"), "bucket")
