"""A real S3-compatible server on loopback."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import s3fs
from moto.server import ThreadedMotoServer

from support.ports import free_port

BUCKET = "films"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "somebody",
    "AWS_SECRET_ACCESS_KEY": "anything",  # the server believes everybody
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_server(port: int = 0) -> Iterator[str]:
    """Serve until the block ends; its address, at which another may serve later."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port or free_port(), verbose=False)
    server.start()
    try:
        host, bound = server.get_host_and_port()
        yield f"http://{host}:{bound}"
    finally:
        server.stop()


def make_bucket(endpoint: str) -> None:
    """All servers of one process have the same buckets."""
    with suppress(FileExistsError):
        s3fs.S3FileSystem(endpoint_url=endpoint, skip_instance_cache=True).mkdir(BUCKET)
