"""ArtifactService."""

from collections.abc import AsyncGenerator

from polycue import metrics
from polycue.api.v1 import artifacts_pb2 as pb
from polycue.api.v1 import artifacts_pb2_grpc as pb_grpc
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.board import Board
from polycue.jobs.lane import Lane
from polycue.rpc import tenant
from polycue.rpc.convert import fields, names
from polycue.rpc.convert import jobs as convert
from polycue.rpc.guard import Context
from polycue.rpc.limits import MAX_CHUNK_BYTES


class ArtifactService(pb_grpc.ArtifactServiceServicer):
    """``lane`` is for what reads the disk."""

    def __init__(self, board: Board, artifacts: Artifacts, lane: Lane) -> None:
        self._board, self._artifacts, self._lane = board, artifacts, lane

    async def GetArtifact(
        self, request: pb.GetArtifactRequest, context: Context
    ) -> pb.GetArtifactResponse:
        job_id, artifact_id = names.artifact_ids(request.name)
        job = await self._lane(self._board.get, tenant.current(), job_id)
        found = self._artifacts.find(job, artifact_id)
        return pb.GetArtifactResponse(artifact=convert.artifact(job, found))

    async def ReadArtifact(
        self, request: pb.ReadArtifactRequest, context: Context
    ) -> AsyncGenerator[pb.ReadArtifactResponse]:
        job_id, artifact_id = names.artifact_ids(request.name)
        offset = fields.offset(request.read_offset, "read_offset")
        limit_bytes = fields.offset(request.read_limit_bytes, "read_limit_bytes")
        job = await self._lane(self._board.get, tenant.current(), job_id)
        found = self._artifacts.find(job, artifact_id)
        async with self._lane.holding(
            self._artifacts.reader, found, request.name, offset=offset, limit_bytes=limit_bytes
        ) as reader:
            message = pb.ReadArtifactResponse(artifact=convert.artifact(job, found))
            while True:
                message.offset = reader.offset
                message.data = await self._lane(reader.read, MAX_CHUNK_BYTES)
                if not message.data and not message.HasField("artifact"):
                    return
                metrics.BYTES_READ.inc(len(message.data))
                yield message
                message = pb.ReadArtifactResponse()
