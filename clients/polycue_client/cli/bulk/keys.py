"""Names that are the same whenever the same is asked for: a job is found, and not made twice."""

import hashlib
import uuid

from polycue.api.v1 import jobs_pb2
from polycue_client.cli.bulk.trees import Film


def digest_of(*parts: str | bytes) -> bytes:
    """Of the parts and where each ends."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.digest()


def run_key(spec: jobs_pb2.JobSpec, labels: list[str], output: str) -> str:
    """The same for the same options on the same places, which is what goes on after a stop."""
    plain = spec.SerializeToString(deterministic=True)
    return digest_of(plain, *sorted(labels), output).hex()[:32]


def film_key(film: Film) -> str:
    """Another one when the film was changed. Not by where it is: others may have it elsewhere."""
    return digest_of(film.name, film.entry.version).hex()[:32]


def request_id(*parts: str) -> str:
    """A UUID as the API wants it."""
    return str(uuid.UUID(bytes=digest_of(*parts)[:16], version=5))
