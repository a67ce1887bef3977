"""Uploads to messages and back."""

from polycue.api.v1 import uploads_pb2
from polycue.domain.errors import InvalidRequest
from polycue.jobs.upload import Upload
from polycue.jobs.uploads import UploadDraft
from polycue.rpc.convert import fields, names, times
from polycue.rpc.convert.jobs import fingerprint, ttl_ms


def upload(value: Upload) -> uploads_pb2.Upload:
    return uploads_pb2.Upload(
        name=names.upload(value.id),
        state=(
            uploads_pb2.UPLOAD_STATE_COMPLETE if value.complete else uploads_pb2.UPLOAD_STATE_OPEN
        ),
        size_bytes=value.size_bytes,
        committed_bytes=value.committed_bytes,
        sha256=value.sha256,
        filename=value.filename,
        expire_time=times.timestamp(value.expires_ms),
    )


def draft(request: uploads_pb2.CreateUploadRequest) -> UploadDraft:
    if request.size_bytes < 1:
        raise InvalidRequest("size_bytes", "is not positive; an upload has at least one byte")
    return UploadDraft(
        size_bytes=request.size_bytes,
        filename=fields.filename(request.filename),
        sha256=fields.sha256(request.sha256),
        request_id=fields.request_id(request.request_id),
        fingerprint=fingerprint(request),
        ttl_ms=ttl_ms(request),
    )
