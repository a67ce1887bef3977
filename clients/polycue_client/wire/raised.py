"""What grpc raises, as one of our errors with what the server said about it."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc

from polycue_client.errors import (
    CallCancelled,
    Details,
    FieldViolation,
    PolycueClientError,
    ServerFault,
    ServerNotTrusted,
    error_of,
)
from polycue_client.wire.named_calls import request_id_of

if TYPE_CHECKING:
    from google.rpc import status_pb2

# What grpc.aio says, as INTERNAL, in place of the server's status where a message meets a call
# that has just ended (seen with grpcio 1.85.1): the call broke, and a transfer can go on.
_SENT_TOO_LATE = "Internal error from Core"

# Of a certificate grpc says UNAVAILABLE, as it does of a server that is away.
_NOT_TRUSTED = ("CERTIFICATE_VERIFY_FAILED", "Hostname Verification Check failed")


def from_rpc(error: grpc.RpcError) -> PolycueClientError:
    """Our error for one of grpc's; both the synchronous and the asyncio kind are understood."""
    if not isinstance(error, (grpc.Call, grpc.aio.AioRpcError)):
        return ServerFault(str(error) or type(error).__name__)
    status, message = error.code().name, error.details() or error.code().name
    if message == _SENT_TOO_LATE:
        status = grpc.StatusCode.UNAVAILABLE.name
    if any(words in message for words in _NOT_TRUSTED):
        return ServerNotTrusted(
            f"the server's certificate is not trusted: {message}", status=status
        )
    trailers = tuple(error.trailing_metadata() or ())
    details = replace(_details(trailers), request_id=request_id_of(error, trailers))
    return error_of(status, message, details)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what grpc raises inside the block into ours."""
    try:
        yield
    except grpc.RpcError as error:
        raise from_rpc(error) from error
    except grpc.FutureCancelledError as error:
        raise CallCancelled("the call was cancelled", status="CANCELLED") from error
    except (ValueError, grpc.aio.UsageError) as error:
        if "closed" not in str(error).lower():
            raise
        raise closed() from error


def closed() -> CallCancelled:
    """For a call through a channel that was closed before its end, or before its beginning."""
    return CallCancelled("the client is closed", status="CANCELLED")


def _details(trailers: Iterable[tuple[str, str | bytes]]) -> Details:
    for key, value in trailers:
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            return _decode(value)
    return Details()


def _decode(data: bytes) -> Details:
    """The google.rpc details of an error; empty where the bytes are something else."""
    # Only a failed call needs these modules, and they cost more to import than a call takes.
    from google.protobuf.message import DecodeError
    from google.rpc import status_pb2

    try:
        return _read(status_pb2.Status.FromString(data))
    except DecodeError:
        return Details()


def _read(status: "status_pb2.Status") -> Details:
    from google.rpc import error_details_pb2

    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    found = {
        message.DESCRIPTOR.full_name
        for detail in status.details
        for message in (info, request, retry)
        if detail.Is(message.DESCRIPTOR) and detail.Unpack(message)
    }
    return Details(
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=tuple(FieldViolation(v.field, v.description) for v in request.field_violations),
        retry_after_s=(
            retry.retry_delay.ToTimedelta().total_seconds()
            if "google.rpc.RetryInfo" in found
            else None
        ),
    )
