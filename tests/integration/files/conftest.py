from collections.abc import Iterator
from pathlib import Path

import pytest

from polycue.jobs.files.bucket import BucketFiles
from polycue.jobs.files.local import LocalFiles
from polycue.jobs.files.objects import Objects
from polycue.jobs.files.protocol import Files
from polycue.jobs.job import new_id
from support.buckets import BUCKET, ENVIRONMENT, make_bucket, s3_server


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        with s3_server() as endpoint:
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
            make_bucket(endpoint)
            yield endpoint


@pytest.fixture(scope="session")
def objects(s3_endpoint: str) -> Iterator[Objects]:
    objects = Objects(retry_pauses_s=())
    yield objects
    objects.close()


@pytest.fixture
def bucket_files(objects: Objects) -> BucketFiles:
    """A prefix of its own for each test."""
    return BucketFiles(objects, f"{BUCKET}/{new_id()}")


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return LocalFiles(tmp_path / "kept")
    kept: Files = request.getfixturevalue("bucket_files")
    return kept
