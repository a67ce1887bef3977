"""The one door to OpenTelemetry: spans made by its SDK, and sent to a collector by OTLP over gRPC.

Nothing waits for the collector and nothing fails without it. The standard ``OTEL_*`` variables of
the exporter (headers, certificates, compression) and of the resource hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from polycue.tracing.sending import Heard, Sending
from polycue.tracing.spans import Kind, Span, Value
from polycue.tracing.traceparent import parsed, written

_KINDS = {Kind.INTERNAL: trace.SpanKind.INTERNAL, Kind.SERVER: trace.SpanKind.SERVER}
_MOST_LINKS = 128  # a GPU's batch has fewer rows
_EXPORT_S = 5  # of one batch of spans, tries again included


class OtelTracer:
    """``close`` must be called. Safe to use from any thread."""

    def __init__(
        self, processor: SpanProcessor, resource: Mapping[str, str], *, sampling: float
    ) -> None:
        self._ids = _Ids()
        self._processor = processor
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(sampling)),
            # What the environment says of where we run goes before what we say.
            resource=Resource(dict(resource)).merge(OTELResourceDetector().detect()),
            id_generator=self._ids,
            span_limits=SpanLimits(max_links=_MOST_LINKS, max_attribute_length=256),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("polycue", resource.get("service.version"))

    def __repr__(self) -> str:
        return f"OtelTracer({self._processor!r})"

    def start(
        self,
        name: str,
        facts: Mapping[str, Value],
        *,
        kind: Kind = Kind.INTERNAL,
        parent: str | None = None,
        own: str = "",
        links: Sequence[str] = (),
        at_ns: int | None = None,
    ) -> Span:
        around = None if parent is None else trace.set_span_in_context(_remote(parent))
        with self._ids.next_is(own):
            span = self._tracer.start_span(
                name,
                context=around,
                kind=_KINDS[kind],
                attributes=_attributes(facts),
                links=[trace.Link(one) for place in links if (one := _context(place))],
                start_time=at_ns,
            )
        return _OtelSpan(span)

    @contextmanager
    def current(self, span: Span) -> Iterator[None]:
        if not isinstance(span, _OtelSpan):  # begun before there was a tracer
            yield
            return
        with trace.use_span(span.inner, record_exception=False, set_status_on_exception=False):
            yield

    def place(self) -> str:
        return _place(trace.get_current_span().get_span_context())

    def close(self) -> None:
        """Send what waits, for as long as that may take."""
        self._processor.shutdown()


def open_tracer(
    endpoint: str,
    resource: Mapping[str, str],
    *,
    sampling: float,
    heard: Heard,
    close_within_s: float,
) -> OtelTracer:
    """Begin to send spans to a collector at ``http://HOST:PORT``, with TLS at ``https://``.

    ``sampling`` is the share of traces that are kept where no caller has decided.
    """
    exporter = OTLPSpanExporter(
        endpoint=endpoint, insecure=not endpoint.startswith("https://"), timeout=_EXPORT_S
    )
    sending = Sending(exporter, heard, close_within_s=close_within_s)
    return OtelTracer(sending, resource, sampling=sampling)


class _OtelSpan:
    def __init__(self, inner: trace.Span) -> None:
        self.inner = inner

    def __repr__(self) -> str:
        return f"_OtelSpan({self.place})"

    @property
    def place(self) -> str:
        return _place(self.inner.get_span_context())

    def set(self, **facts: Value) -> None:
        self.inner.set_attributes(_attributes(facts))

    def fail(self, kind: str) -> None:
        self.inner.set_attribute("error.type", kind)
        self.inner.set_status(trace.StatusCode.ERROR)

    def link(self, place: str) -> None:
        if context := _context(place):
            self.inner.add_link(context)

    def end(self, at_ns: int | None = None) -> None:
        self.inner.end(at_ns)


class _Ids(RandomIdGenerator):
    """Random ids, but for a span whose place was given away before it began."""

    def __init__(self) -> None:
        self._kept = local()

    @contextmanager
    def next_is(self, place: str) -> Iterator[None]:
        found = parsed(place)
        self._kept.span = found[1] if found else None
        try:
            yield
        finally:
            self._kept.span = None

    def generate_span_id(self) -> int:
        return getattr(self._kept, "span", None) or super().generate_span_id()


def _context(place: str) -> trace.SpanContext | None:
    found = parsed(place)
    if found is None:
        return None
    return trace.SpanContext(found[0], found[1], True, trace.TraceFlags(found[2] & 1))


def _remote(place: str) -> trace.Span:
    return trace.NonRecordingSpan(_context(place) or trace.INVALID_SPAN_CONTEXT)


def _place(context: trace.SpanContext) -> str:
    if not context.is_valid:
        return ""
    return written(context.trace_id, context.span_id, context.trace_flags)


def _attributes(facts: Mapping[str, Value]) -> dict[str, Value]:
    return {name if "." in name else f"polycue.{name}": value for name, value in facts.items()}
