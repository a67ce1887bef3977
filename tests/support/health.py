"""What ``grpc.health.v1`` says of a server's services."""

from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from support.fleet import WAIT_S, Server

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def status(server: Server, service: str) -> int:
    with grpc.insecure_channel(server.address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=f"polycue.api.v1.{service}")
        return int(stub.Check(request, timeout=WAIT_S).status)


def wait_for(server: Server, service: str, wanted: int) -> None:
    """Come back when it is told of the service."""
    with grpc.insecure_channel(server.address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=f"polycue.api.v1.{service}")
        for answer in stub.Watch(request, timeout=WAIT_S):
            if answer.status == wanted:
                return
    raise AssertionError(f"{service} never had the status {wanted}")
