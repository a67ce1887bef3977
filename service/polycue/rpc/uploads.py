"""UploadService."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

from polycue import metrics
from polycue.api.v1 import uploads_pb2 as pb
from polycue.api.v1 import uploads_pb2_grpc as pb_grpc
from polycue.domain.errors import InvalidRequest, LimitExceeded, NotFound
from polycue.jobs.lane import Lane
from polycue.jobs.upload import Upload
from polycue.jobs.uploads import Uploads
from polycue.jobs.writing import Writer
from polycue.rpc import tenant
from polycue.rpc.convert import fields, names
from polycue.rpc.convert import uploads as convert
from polycue.rpc.guard import Context
from polycue.rpc.limits import MAX_CHUNK_BYTES
from polycue.rpc.paced import paced

_FIRST_MESSAGE_S = 10


class UploadService(pb_grpc.UploadServiceServicer):
    """``lane`` is for what touches the disk; ``idle_s`` is how long a call may send nothing."""

    def __init__(self, uploads: Uploads, lane: Lane, *, idle_s: float) -> None:
        self._uploads, self._lane, self._idle_s = uploads, lane, idle_s

    async def CreateUpload(
        self, request: pb.CreateUploadRequest, context: Context
    ) -> pb.CreateUploadResponse:
        upload = await self._lane(self._uploads.create, tenant.current(), convert.draft(request))
        return pb.CreateUploadResponse(upload=convert.upload(upload))

    async def WriteUpload(
        self, request_iterator: AsyncIterator[pb.WriteUploadRequest], context: Context
    ) -> pb.WriteUploadResponse:
        first_s = min(_FIRST_MESSAGE_S, self._idle_s)
        coming = paced(request_iterator, first_s=first_s, idle_s=self._idle_s)
        async with aclosing(coming) as messages:
            upload = await self._take(messages)
        return pb.WriteUploadResponse(upload=convert.upload(upload))

    async def GetUpload(
        self, request: pb.GetUploadRequest, context: Context
    ) -> pb.GetUploadResponse:
        upload = await self._lane(
            self._uploads.get, tenant.current(), names.upload_id(request.name)
        )
        return pb.GetUploadResponse(upload=convert.upload(upload))

    async def DeleteUpload(
        self, request: pb.DeleteUploadRequest, context: Context
    ) -> pb.DeleteUploadResponse:
        upload_id = names.upload_id(request.name)
        with contextlib.suppress(*([NotFound] if request.allow_missing else [])):
            await self._lane(self._uploads.delete, tenant.current(), upload_id)
        return pb.DeleteUploadResponse()

    async def _take(self, messages: AsyncIterator[pb.WriteUploadRequest]) -> Upload:
        """Write what comes; what was written stays, however the call ends."""
        message = await anext(messages, None)
        if message is None:
            raise InvalidRequest("name", "is required in the first message, and none came")
        name = message.name
        upload_id = names.upload_id(name)
        async with self._lane.holding(self._uploads.writer, tenant.current(), upload_id) as writer:
            while message is not None:
                if message.name not in {"", name}:
                    raise InvalidRequest("name", "changed within the call")
                finished = await self._lane(_write, writer, message)
                if finished is not None:
                    return finished
                message = await anext(messages, None)
            return await self._lane(writer.commit)


def _write(writer: Writer, message: pb.WriteUploadRequest) -> Upload | None:
    """Write one message's bytes; the whole upload where it was the last, else None."""
    if len(message.data) > MAX_CHUNK_BYTES:
        raise LimitExceeded("data", len(message.data), MAX_CHUNK_BYTES, "bytes")
    offset = fields.offset(message.write_offset, "write_offset")
    writer.append(offset, message.data)
    metrics.BYTES_UPLOADED.inc(len(message.data))
    return writer.finish(offset + len(message.data)) if message.finish else None
