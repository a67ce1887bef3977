"""Artifacts, which are read from any offset."""

from collections.abc import Iterator

import grpc

from polycue.api.v1 import artifacts_pb2, artifacts_pb2_grpc
from polycue_client.testing.answers import Answers

READ_BYTES = 1000


class ArtifactAnswers(Answers, artifacts_pb2_grpc.ArtifactServiceServicer):
    def GetArtifact(
        self, request: artifacts_pb2.GetArtifactRequest, context: grpc.ServicerContext
    ) -> artifacts_pb2.GetArtifactResponse:
        self._begin("GetArtifact", request, context)
        artifact = artifacts_pb2.Artifact(name=request.name)
        return artifacts_pb2.GetArtifactResponse(artifact=artifact)

    def ReadArtifact(
        self, request: artifacts_pb2.ReadArtifactRequest, context: grpc.ServicerContext
    ) -> Iterator[artifacts_pb2.ReadArtifactResponse]:
        self._scripted.requests["ReadArtifact"].append(request)
        data = self._scripted.artifacts[request.name]
        pieces = (
            artifacts_pb2.ReadArtifactResponse(offset=at, data=data[at : at + READ_BYTES])
            for at in range(request.read_offset, len(data), READ_BYTES)
        )
        yield from self._stream("ReadArtifact", pieces, context)
