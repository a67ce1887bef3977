"""The span of a call, by OpenTelemetry's conventions for RPCs."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import grpc

from polycue.tracing import spans
from polycue.tracing.traceparent import HEADER, parsed

# What tells of a fault of the server and not of its caller (semantic conventions for gRPC).
_FAULTS = {
    *("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
}
_NUMBERS = {code.name: code.value[0] for code in grpc.StatusCode}


def call_span(
    path: str, context: "grpc.aio.ServicerContext[Any, Any]", request_id: str
) -> AbstractContextManager[spans.Span]:
    """The span of a call of ``package.Service/Method``, within its caller's where that has one.

    Whether the trace is kept is then the caller's word.
    """
    if not spans.tracing():
        return spans.span("")
    service, _, method = path.rpartition("/")
    facts = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "request_id": request_id,
    }
    return spans.span(path, kind=spans.Kind.SERVER, parent=_caller(context), **facts)


def end_call(span: spans.Span, ended: Mapping[str, str]) -> None:
    """Say how it ended; no tenant, which may be a person's name."""
    code = ended["code"].rpartition(".")[2]
    span.set(**{"rpc.grpc.status_code": _NUMBERS.get(code, 2)})
    if reason := ended.get("reason"):
        span.set(reason=reason)
    if code in _FAULTS:
        span.fail(reason or code)


def _caller(context: "grpc.aio.ServicerContext[Any, Any]") -> str:
    """Where the caller was in a trace; "" where it does not say so, or says nonsense."""
    for key, value in context.invocation_metadata() or ():
        if key == HEADER and isinstance(value, str) and parsed(value):
            return value
    return ""
