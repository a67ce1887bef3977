"""A command as a span, for those who trace: the extra ``tracing`` and a collector are needed.

The collector is the one that OpenTelemetry's own variables name, if it is one for gRPC. An embedded
server sends its own spans there too. Where none can be sent the command does its work all the same.
"""

import logging
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

_SEND_S = 2  # what a collector that is away may cost a command, unless one of these says otherwise
_SEND_FOR = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")


@contextmanager
def traced(args: Sequence[str], commands: Collection[str]) -> Iterator[None]:
    """The command in the block, if it is one of these and somebody wants to know.

    Not one that does thousands of films: each of its calls, and so each film, is its own trace.
    """
    command = next((arg for arg in args if not arg.startswith("-")), "")
    endpoint = _endpoint(os.environ)
    wanted = command in commands and endpoint and "--recursive" not in args
    provider = _provider(endpoint) if wanted else None
    if provider is None:
        yield
        return
    from opentelemetry import trace

    from polycue_client.wire.tracing import around, written

    trace.set_tracer_provider(provider)
    tracer = provider.get_tracer("polycue_client.cli")
    try:
        with tracer.start_as_current_span(f"polycue {command}", context=around(trace)) as span:
            # For what this command does in other threads.
            os.environ["TRACEPARENT"] = written(span.get_span_context())
            yield
    finally:
        provider.shutdown()


def _endpoint(environment: Mapping[str, str]) -> str:
    """As a server reads them; "" where no traces are wanted, or not by gRPC."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_{}", "OTEL_EXPORTER_OTLP_{}")
    protocol, endpoint = (
        next((v for name in names if (v := environment.get(name.format(what)))), "")
        for what in ("PROTOCOL", "ENDPOINT")
    )
    wanted = environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    return endpoint if wanted and protocol in {"", "grpc"} else ""


def _provider(endpoint: str) -> Any:
    """What makes and sends spans; None where it is not installed or the variables make no sense."""
    # It would tell of each failed try, between what the command says.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except Exception:  # an extra; and some variables are read as it is imported
        return None
    about = {"service.name": "polycue-cli", "service.version": version("polycue")}
    try:
        provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(
            endpoint=endpoint,
            insecure=not endpoint.startswith("https://"),
            timeout=None if any(name in os.environ for name in _SEND_FOR) else _SEND_S,
        )
        provider.add_span_processor(BatchSpanProcessor(exporter))
    except Exception:  # each variable has its own kind
        return None
    return provider
