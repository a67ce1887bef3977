"""Waiting for a server that is ready to hear."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

TRANSCRIPTION = "polycue.api.v1.TranscriptionService"
WAIT_S = 120


def wait_until_served(address: str) -> None:
    """Models are loaded and warm when this returns."""
    request = health_pb2.HealthCheckRequest(service=TRANSCRIPTION)
    with grpc.insecure_channel(address) as channel:
        for answer in health_pb2_grpc.HealthStub(channel).Watch(request, timeout=WAIT_S):
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                return
