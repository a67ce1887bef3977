"""A collector of ours for traces: OTLP over gRPC in, spans as a tree out."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as pb
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as pb_grpc
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it came, with who sent it. Ids are hexadecimal; ``parent`` is "" at the root."""

    name: str
    trace: str
    id: str
    parent: str
    began_ns: int
    ended_ns: int
    facts: Mapping[str, Any]
    links: tuple[str, ...]
    failed: bool
    server: bool
    sender: Mapping[str, Any]

    @property
    def ms(self) -> float:
        return (self.ended_ns - self.began_ns) / 1e6


class Collector(pb_grpc.TraceServiceServicer):
    """Holds what came; safe to read at any time."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.raw = b""
        self.address = ""
        self._news = threading.Condition()

    @property
    def endpoint(self) -> str:
        return f"http://{self.address}"

    def Export(  # noqa: N802 - the protocol's name
        self, request: pb.ExportTraceServiceRequest, context: grpc.ServicerContext
    ) -> pb.ExportTraceServiceResponse:
        with self._news:
            self.raw += request.SerializeToString()
            for sender in request.resource_spans:
                about = _facts(sender.resource.attributes)
                for scope in sender.scope_spans:
                    self.spans += [_seen(span, about) for span in scope.spans]
            self._news.notify_all()
        return pb.ExportTraceServiceResponse()

    def wait_for(self, there: Callable[["Collector"], bool]) -> None:
        """Come back once enough has come for that to be true."""
        with self._news:
            assert self._news.wait_for(lambda: there(self), WAIT_S), [s.name for s in self.spans]

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> Seen:
        (found,) = self.named(name)
        return found

    def path(self, span: Seen) -> list[str]:
        """Its name and those of all around it, the root first."""
        by_id = {one.id: one for one in self.spans}
        names = [span.name]
        while span.parent:
            span = by_id[span.parent]
            names.insert(0, span.name)
        return names


@contextmanager
def collecting(address: str = "127.0.0.1:0") -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    pb_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port(address)
    collector.address = f"127.0.0.1:{port}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait(WAIT_S)


def _seen(span: trace_pb2.Span, about: Mapping[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        began_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        facts=_facts(span.attributes),
        links=tuple(link.span_id.hex() for link in span.links),
        failed=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        server=span.kind == trace_pb2.Span.SPAN_KIND_SERVER,
        sender=about,
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in attributes}


def _value(value: common_pb2.AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
