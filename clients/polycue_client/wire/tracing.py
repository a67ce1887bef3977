"""Where this program is in a trace, for the server to go on with.

OpenTelemetry is not needed and never imported for its own sake. Where the program uses it already,
each call is a span within the program's current one. Where it does not, the trace that the
environment names (``TRACEPARENT``, as ``otel-cli`` and CI systems set it) is passed on.
"""

import os
import re
import sys
from typing import Any

_HEADER = "traceparent"
_FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_API = "opentelemetry.trace"


class CallSpan:
    """A call for as long as it lasts. ``headers`` are what the server is to be told."""

    def __init__(self, headers: tuple[tuple[str, str], ...] = (), span: Any = None) -> None:
        self.headers, self._span = headers, span

    def __repr__(self) -> str:
        return f"CallSpan({self.headers})"

    def end(self, outcome: Any) -> None:
        """By an error of grpc's, a call that is done, or None where all is well."""
        if self._span is None:
            return
        code = _code_of(outcome)
        if code is not None and code.value[0]:
            self._span.set_attribute("rpc.grpc.status_code", code.value[0])
            self._span.set_attribute("error.type", code.name)
            self._span.set_status(_api().StatusCode.ERROR)
        self._span.end()


def call_span(path: str, request_id: str) -> CallSpan:
    """Begin a call of ``package.Service/Method``."""
    api = _api()
    if api is None:
        surroundings = os.environ.get("TRACEPARENT", "")
        return CallSpan(((_HEADER, surroundings),) if _FORM.fullmatch(surroundings) else ())
    service, _, method = path.rpartition("/")
    facts = {
        "rpc.system": "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "polycue.request_id": request_id,
    }
    tracer = api.get_tracer("polycue_client")
    span = tracer.start_span(path, context=around(api), kind=api.SpanKind.CLIENT, attributes=facts)
    context = span.get_span_context()
    return CallSpan(((_HEADER, written(context)),) if context.is_valid else (), span)


def _code_of(outcome: Any) -> Any:
    """Grpc's status of a call that has ended; None for none."""
    code: Any = outcome.code() if outcome is not None else None
    if not hasattr(code, "send"):
        return code
    try:  # of grpc.aio: it waits for nothing, since the call is done
        code.send(None)
    except StopIteration as done:
        return done.value
    code.close()
    return None


def _api() -> Any:
    """OpenTelemetry's API, if the program has it in use; importing it here would cost 50 ms."""
    return sys.modules.get(_API)


def around(api: Any) -> Any:
    """The environment's trace where the program is in none of its own; None is the current one."""
    found = os.environ.get("TRACEPARENT", "")
    if api.get_current_span().get_span_context().is_valid or not _FORM.fullmatch(found):
        return None
    _, trace, span, flags = found.split("-")
    context = api.SpanContext(
        int(trace, 16), int(span, 16), is_remote=True, trace_flags=api.TraceFlags(int(flags, 16))
    )
    return api.set_span_in_context(api.NonRecordingSpan(context))


def written(context: Any) -> str:
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags & 1:02x}"
