"""Calls by name: each brings the server an id, its place in a trace, and who calls.

grpc's own way for a token, call credentials, is for encrypted channels only; and its interceptors
stand between a caller of grpc.aio and the call it wants to cancel.
"""

import uuid
from typing import Any

import grpc

from polycue_client.wire import tracing

REQUEST_ID = "x-request-id"


class NamedCalls:
    """A channel, of grpc or of grpc.aio, whose every call is named; ``token`` may be empty."""

    def __init__(self, wire: Any, token: str) -> None:
        self._wire = wire
        self._own = (("authorization", f"Bearer {token}"),) if token else ()

    def __repr__(self) -> str:
        return f"NamedCalls({self._wire!r})"  # never the token

    def __enter__(self) -> "NamedCalls":
        return self

    def __exit__(self, *raised: object) -> None:
        self._wire.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def unary_unary(self, path: str, *args: Any, **kwargs: Any) -> "_Method":
        return _Method(path, self._wire.unary_unary(path, *args, **kwargs), self._own)

    def unary_stream(self, path: str, *args: Any, **kwargs: Any) -> "_Method":
        return _Method(path, self._wire.unary_stream(path, *args, **kwargs), self._own)

    def stream_unary(self, path: str, *args: Any, **kwargs: Any) -> "_Method":
        return _Method(path, self._wire.stream_unary(path, *args, **kwargs), self._own)

    def stream_stream(self, path: str, *args: Any, **kwargs: Any) -> "_Method":
        return _Method(path, self._wire.stream_stream(path, *args, **kwargs), self._own)


class _Method:
    """One method of the server's."""

    def __init__(self, path: str, method: Any, own: tuple[tuple[str, str], ...]) -> None:
        self._path, self._method, self._own = path, method, own

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._begin(self._method, args, kwargs)

    def future(self, *args: Any, **kwargs: Any) -> Any:
        return self._begin(self._method.future, args, kwargs)

    def _begin(self, method: Any, args: Any, kwargs: Any) -> Any:
        request_id = uuid.uuid4().hex
        span = tracing.call_span(self._path.strip("/"), request_id)
        kwargs["metadata"] = (
            *(kwargs.get("metadata") or ()),
            *self._own,
            (REQUEST_ID, request_id),
            *span.headers,
        )
        try:
            answer = method(*args, **kwargs)
        except grpc.RpcError as error:
            _sign(error, request_id)
            span.end(error)
            raise
        if hasattr(answer, "add_done_callback"):  # a call under way, and no message
            if isinstance(answer, grpc.RpcError):  # which grpc raises where the call fails
                _sign(answer, request_id)
            answer.add_done_callback(span.end)
        else:
            span.end(None)
        return answer


def _sign(error: grpc.RpcError, request_id: str) -> None:
    """Let the error say which call it was: a server that never answered has not said so."""
    error.polycue_request_id = request_id  # type: ignore[attr-defined]


def request_id_of(error: grpc.RpcError, trailers: Any) -> str:
    """What the server's log knows the call by; "" where nobody can tell."""
    signed: str = getattr(error, "polycue_request_id", "")
    return signed or next((str(value) for key, value in trailers if key == REQUEST_ID), "")
