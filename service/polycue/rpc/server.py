"""The gRPC server: its options, its services, health and reflection."""

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from grpc_reflection.v1alpha import reflection

from polycue.api.v1 import (
    artifacts_pb2_grpc,
    catalog_pb2_grpc,
    jobs_pb2_grpc,
    subtitles_pb2_grpc,
    transcription_pb2_grpc,
    uploads_pb2_grpc,
)
from polycue.rpc.address import Address
from polycue.rpc.artifacts import ArtifactService
from polycue.rpc.binding import bind
from polycue.rpc.catalog import CatalogService
from polycue.rpc.guard import Guard
from polycue.rpc.health import NAME as HEALTH
from polycue.rpc.health import Health
from polycue.rpc.jobs import JobService
from polycue.rpc.limits import MAX_MESSAGE_BYTES
from polycue.rpc.subtitles import SubtitleService
from polycue.rpc.transcription import TranscriptionService
from polycue.rpc.uploads import UploadService

PACKAGE = "polycue.api.v1"
TRANSCRIPTION = f"{PACKAGE}.TranscriptionService"
UPLOADS, JOBS, ARTIFACTS = (f"{PACKAGE}.{name}Service" for name in ("Upload", "Job", "Artifact"))
SERVICES = (
    TRANSCRIPTION,
    *(UPLOADS, JOBS, ARTIFACTS),
    *(f"{PACKAGE}.{name}Service" for name in ("Subtitle", "Catalog")),
)

# Unknown options are ignored without a word, so each is tested by its effect or was measured.
OPTIONS: Mapping[str, int] = {
    # Else a second server binds the same port and each gets half of the calls.
    "grpc.so_reuseport": 0,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    # Above the first some calls are refused, above the second all; both with RESOURCE_EXHAUSTED.
    "grpc.max_metadata_size": 8 * 1024,
    "grpc.absolute_max_metadata_size": 16 * 1024,
    "grpc.max_concurrent_streams": 200,  # of one connection
    # For TLS and HTTP/2 to agree; 120 s by default, in which who says nothing holds a descriptor.
    "grpc.server_handshake_timeout_ms": 20_000,
    # Finds dead watchers after 80 s; the default is two hours.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    # The default, 5 minutes, drops clients that ping during a long silent call.
    "grpc.http2.min_ping_interval_without_data_ms": 20_000,
    "grpc.keepalive_permit_without_calls": 1,  # idle clients behind NAT
    "grpc.max_connection_idle_ms": 15 * 60_000,
    # Of one that is to be made anew after its age, so that calls spread over replicas that came
    # since: calls at work have a working day to finish. Watches and transfers that are cut then are
    # taken up where they were.
    "grpc.max_connection_age_grace_ms": 8 * 60 * 60_000,
}
# maximum_concurrent_rpcs stays unset: when full it refuses health checks too.

_LAST_CALLS_S = 1.0  # an open health watch makes stop() wait the whole of it


@dataclass(frozen=True, slots=True)
class Services:
    transcription: TranscriptionService
    uploads: UploadService
    jobs: JobService
    artifacts: ArtifactService
    subtitles: SubtitleService
    catalog: CatalogService


class Server:
    """Serves ``services`` at ``address``. Made, started and stopped in one event loop."""

    def __init__(
        self,
        services: Services,
        guard: Guard,
        health: Health,
        *,
        reflect: bool,
        connection_age_s: float,
    ) -> None:
        options = {**OPTIONS, "grpc.max_connection_age_ms": round(connection_age_s * 1000)}
        self._server = grpc.aio.server(interceptors=(guard,), options=tuple(options.items()))
        self._health = health
        _register(self._server, services)
        health.register(self._server)
        if reflect:
            names = (*SERVICES, HEALTH, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self, address: Address, credentials: grpc.ServerCredentials | None) -> str:
        """Listen, and answer; returns the address with the port that was bound.

        Without ``credentials`` calls travel in the clear.

        Raises:
            AddressUnusable: the address is taken, or not this machine's.
        """
        bound = bind(self._server, address, credentials)
        for service in SERVICES:
            await self._health.set_serving(service, is_serving=service != TRANSCRIPTION)
        await self._server.start()
        return bound

    async def stop(self) -> None:
        """End what is left of the calls, and listen no more."""
        await self._server.stop(_LAST_CALLS_S)


def _register(server: grpc.aio.Server, services: Services) -> None:
    transcription_pb2_grpc.add_TranscriptionServiceServicer_to_server(
        services.transcription, server
    )
    uploads_pb2_grpc.add_UploadServiceServicer_to_server(services.uploads, server)
    jobs_pb2_grpc.add_JobServiceServicer_to_server(services.jobs, server)
    artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(services.artifacts, server)
    subtitles_pb2_grpc.add_SubtitleServiceServicer_to_server(services.subtitles, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(services.catalog, server)
