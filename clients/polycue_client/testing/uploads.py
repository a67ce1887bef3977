"""Uploads, which go on at the byte that was stored last."""

import hashlib
from collections.abc import Iterator

import grpc

from polycue.api.v1 import uploads_pb2, uploads_pb2_grpc
from polycue_client.testing.answers import Answers, refuse
from polycue_client.testing.refusal import not_found, offset_mismatch
from polycue_client.testing.script import Scripted


class UploadAnswers(Answers, uploads_pb2_grpc.UploadServiceServicer):
    def __init__(self, scripted: Scripted) -> None:
        super().__init__(scripted)
        self._sizes: dict[str, int] = {}

    def CreateUpload(
        self, request: uploads_pb2.CreateUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.CreateUploadResponse:
        self._begin("CreateUpload", request, context)
        name = self._scripted.new_name("uploads")
        self._scripted.uploads[name] = bytearray()
        self._sizes[name] = request.size_bytes
        return uploads_pb2.CreateUploadResponse(upload=self._upload(name))

    def WriteUpload(
        self,
        request_iterator: Iterator[uploads_pb2.WriteUploadRequest],
        context: grpc.ServicerContext,
    ) -> uploads_pb2.WriteUploadResponse:
        name = ""
        for request in self._stream("WriteUpload", request_iterator, context):
            self._scripted.requests["WriteUpload"].append(request)
            name = name or request.name
            stored = self._scripted.uploads[name]
            if request.write_offset != len(stored):
                refuse(context, offset_mismatch(len(stored)))
            stored += request.data
        return uploads_pb2.WriteUploadResponse(upload=self._upload(name))

    def GetUpload(
        self, request: uploads_pb2.GetUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.GetUploadResponse:
        self._begin("GetUpload", request, context)
        if request.name not in self._scripted.uploads:
            refuse(context, not_found(request.name))
        return uploads_pb2.GetUploadResponse(upload=self._upload(request.name))

    def DeleteUpload(
        self, request: uploads_pb2.DeleteUploadRequest, context: grpc.ServicerContext
    ) -> uploads_pb2.DeleteUploadResponse:
        self._begin("DeleteUpload", request, context)
        self._scripted.uploads.pop(request.name, None)
        return uploads_pb2.DeleteUploadResponse()

    def _upload(self, name: str) -> uploads_pb2.Upload:
        stored, size_bytes = self._scripted.uploads[name], self._sizes[name]
        complete = len(stored) == size_bytes
        return uploads_pb2.Upload(
            name=name,
            size_bytes=size_bytes,
            committed_bytes=len(stored),
            state=uploads_pb2.UPLOAD_STATE_COMPLETE if complete else uploads_pb2.UPLOAD_STATE_OPEN,
            sha256=hashlib.sha256(stored).digest() if complete else b"",
        )
