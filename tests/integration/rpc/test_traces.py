"""What a server with a collector tells of the calls it answers."""

import sys
import threading
from collections.abc import Iterator

import grpc
import pytest
from structlog.testing import capture_logs

from polycue import metrics
from polycue.api.v1 import catalog_pb2, jobs_pb2
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.jobs_pb2_grpc import JobServiceStub
from polycue.app.tracing import start_tracing
from polycue.config import Settings
from support.collector import WAIT_S, Collector, Seen, collecting
from support.patient import patient_tracing
from support.serving import Serve, refused

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GET = "polycue.api.v1.JobService/GetJob"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as one:
        yield one


def calls(serve: Serve, collector: Collector, *metadata: tuple[str, str]) -> list[Seen]:
    """One call for a job that is not there; all that was told of it."""

    async def scenario(channel: grpc.aio.Channel) -> None:
        job = jobs_pb2.GetJobRequest(name="jobs/" + "0" * 32)
        await refused(JobServiceStub(channel).GetJob(job, metadata=metadata))

    with patient_tracing():
        end = start_tracing(Settings(otlp_endpoint=collector.endpoint))
        try:
            serve(scenario)
        finally:
            end()
    return collector.named(GET)


def test_a_call_is_a_span_of_its_callers_trace(serve: Serve, collector: Collector) -> None:
    (call,) = calls(
        serve, collector, ("traceparent", f"00-{TRACE}-{SPAN}-01"), ("x-request-id", "mine.1")
    )
    assert (call.trace, call.parent, call.server) == (TRACE, SPAN, True)
    assert call.facts == {
        "rpc.system": "grpc",
        "rpc.service": "polycue.api.v1.JobService",
        "rpc.method": "GetJob",
        "rpc.grpc.status_code": grpc.StatusCode.NOT_FOUND.value[0],
        "polycue.request_id": "mine.1",
        "polycue.reason": "JOB_NOT_FOUND",
    }
    assert not call.failed  # it is the caller who was wrong


@pytest.mark.parametrize("sent", ["", "nonsense", "00-" + "0" * 32 + f"-{SPAN}-01"])
def test_a_caller_who_sends_nonsense_gets_a_trace_of_his_own(
    serve: Serve, collector: Collector, sent: str
) -> None:
    (call,) = calls(serve, collector, ("traceparent", sent))
    assert call.parent == ""
    assert call.trace not in {TRACE, "0" * 32}


def test_a_caller_who_keeps_no_trace_is_not_told_of(serve: Serve, collector: Collector) -> None:
    assert calls(serve, collector, ("traceparent", f"00-{TRACE}-{SPAN}-00")) == []


def test_a_collector_that_is_away_costs_spans_and_nothing_else(serve: Serve) -> None:
    def lost() -> float:
        return metrics.REGISTRY.get_sample_value("polycue_spans_total", {"outcome": "export"}) or 0

    async def scenario(channel: grpc.aio.Channel) -> None:
        await CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())

    before = lost()
    end = start_tracing(Settings(otlp_endpoint="http://127.0.0.1:1"))
    try:
        serve(scenario)
    finally:
        end()
    for thread in threading.enumerate():
        if thread.name == "spans":  # it is not waited for, and may still be at what it lost
            thread.join(WAIT_S)
    assert lost() > before


def test_a_server_without_opentelemetry_says_so_and_serves(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "polycue.tracing.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    async def scenario(channel: grpc.aio.Channel) -> None:
        await CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())

    with capture_logs() as lines:
        end = start_tracing(Settings(otlp_endpoint="http://127.0.0.1:1"))
        serve(scenario)
        end()
    assert any("polycue[tracing]" in line["event"] for line in lines)
