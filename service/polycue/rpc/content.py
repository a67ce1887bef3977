"""When two requests ask for the same work on the same bytes."""

import hashlib

from polycue.api.v1 import jobs_pb2
from polycue.domain.request import InputFile
from polycue.rpc.convert.sources import sources_in
from polycue.rpc.convert.tasks import Find


def content_key(spec: jobs_pb2.JobSpec, find: Find, edition: str) -> str:
    """The same for two specs that give the same results; "" where not even the bytes are known.

    That goes by the contents and names of the inputs, not by where they are, and by every option.
    ``edition`` stands for all that makes results and is not in the spec.
    """
    plain = jobs_pb2.JobSpec()
    plain.CopyFrom(spec)
    plain.DiscardUnknownFields()
    for message, field in sources_in(plain):
        file: InputFile = find(message, field)
        if not file.identity:
            return ""
        message.content = f"{file.identity} {file.filename}".encode()
    digest = hashlib.sha256(edition.encode())
    digest.update(plain.SerializeToString(deterministic=True))
    return digest.hexdigest()
