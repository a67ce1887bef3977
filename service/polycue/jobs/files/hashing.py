"""SHA-256 of what is kept, and of files on their way there."""

import hashlib
from contextlib import closing
from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.jobs.files.protocol import Files, Parts

_HASHED_AT_ONCE_BYTES = 1024 * 1024


def hash_of(files: Files, parts: Parts) -> bytes:
    """SHA-256 of a kept file; reads the whole of it."""
    digest, offset = hashlib.sha256(), 0
    with closing(files.open(parts)) as reader:
        while data := reader.read(offset, _HASHED_AT_ONCE_BYTES):
            digest.update(data)
            offset += len(data)
    return digest.digest()


def hash_of_file(path: Path, cancel: CancelToken) -> bytes:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(_HASHED_AT_ONCE_BYTES):
            digest.update(data)
            cancel.check()
    return digest.digest()
