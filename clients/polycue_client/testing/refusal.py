"""Answers that are errors."""

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2


class Refusal(Exception):
    """An answer that is an error, with the details polycue's server would send."""

    def __init__(
        self, status: grpc.StatusCode, message: str, *, reason: str = "", **facts: str
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.details: list[Message] = []
        if reason:
            self.details.append(error_details_pb2.ErrorInfo(reason=reason, metadata=facts))

    def retry_after(self, seconds: int) -> None:
        """Say when to come back."""
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(seconds)
        self.details.append(retry)

    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        status = status_pb2.Status(code=self.status.value[0], message=self.message)
        for detail in self.details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        return (("grpc-status-details-bin", status.SerializeToString()),)


def broken() -> Refusal:
    """What a client sees of a connection that breaks."""
    return Refusal(grpc.StatusCode.UNAVAILABLE, "the script breaks the connection here")


def not_found(name: str) -> Refusal:
    return Refusal(grpc.StatusCode.NOT_FOUND, f"there is no {name}", reason="NOT_FOUND")


def offset_mismatch(committed_bytes: int) -> Refusal:
    return Refusal(
        grpc.StatusCode.ABORTED,
        f"the upload continues at byte {committed_bytes}",
        reason="WRITE_OFFSET_MISMATCH",
        committedBytes=str(committed_bytes),
    )
