"""A real S3 server, for what keeps files in a bucket or reads them from one."""

from collections.abc import Iterator

import pytest

from polycue.jobs.files.objects import Objects
from support.buckets import ENVIRONMENT, make_bucket, s3_server


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
    objects = Objects()
    yield objects
    objects.close()
