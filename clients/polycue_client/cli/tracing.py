"""A command as a span, for those who trace: the extra ``tracing`` and a collector are needed.

The collector is the one that ``OTEL_EXPORTER_OTLP_ENDPOINT`` names. An embedded server sends its
own spans there too.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_SEND_S = 2  # what a collector that is away may cost a command


@contextmanager
def traced(args: Sequence[str], commands: Collection[str]) -> Iterator[None]:
    """The command in the block, if it is one of these and somebody wants to know.

    Not one that does thousands of films: each of its calls, and so each film, is its own trace.
    """
    command = next((arg for arg in args if not arg.startswith("-")), "")
    endpoint = os.environ.get(_ENDPOINT, "")
    if command not in commands or not endpoint or "--recursive" in args:
        yield
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:  # an extra
        yield
        return
    from polycue_client.tracing import around, written

    about = {"service.name": "polycue-cli", "service.version": version("polycue")}
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        endpoint=endpoint, insecure=not endpoint.startswith("https://"), timeout=_SEND_S
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    tracer = provider.get_tracer("polycue_client.cli")
    try:
        with tracer.start_as_current_span(f"polycue {command}", context=around(trace)) as span:
            # For what this command does in other threads.
            os.environ["TRACEPARENT"] = written(span.get_span_context())
            yield
    finally:
        provider.shutdown()
