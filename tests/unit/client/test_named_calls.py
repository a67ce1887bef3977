"""What the client tells the server of each call besides its request."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from polycue.api.v1 import catalog_pb2, catalog_pb2_grpc
from polycue_client import aio, connect, errors
from polycue_client.cli.exits import explain
from polycue_client.retry import Retry

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Server(catalog_pb2_grpc.CatalogServiceServicer):
    """Notes what comes with a call, and fails it with ``code``."""

    def __init__(self) -> None:
        self.came: list[dict[str, str]] = []
        self.code: grpc.StatusCode | None = None

    def GetServerInfo(  # noqa: N802 - the API's name
        self, request: catalog_pb2.GetServerInfoRequest, context: grpc.ServicerContext
    ) -> catalog_pb2.GetServerInfoResponse:
        self.came.append({key: str(value) for key, value in context.invocation_metadata()})
        if self.code:
            context.abort(self.code, "on purpose")
        return catalog_pb2.GetServerInfoResponse()


@contextmanager
def listening() -> Iterator[tuple[Server, str]]:
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = Server()  # type: ignore[abstract]
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield servicer, f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.fixture
def heard() -> Iterator[tuple[Server, str]]:
    with listening() as both:
        yield both


def test_each_call_has_an_id_of_its_own(heard: tuple[Server, str]) -> None:
    server, address = heard
    with connect(address) as polycue:
        polycue.server_info()
        polycue.server_info()

    async def more() -> None:
        async with aio.connect(address) as polycue:
            await polycue.server_info()

    asyncio.run(more())
    ids = [came["x-request-id"] for came in server.came]
    assert len(set(ids)) == 3
    assert all(len(one) == 32 for one in ids)
    assert all("traceparent" not in came for came in server.came)


@pytest.mark.parametrize("given", [TRACEPARENT, "nonsense", TRACEPARENT + "\n"])
def test_the_trace_of_the_surroundings_is_passed_on_if_it_is_one(
    heard: tuple[Server, str], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    server, address = heard
    monkeypatch.setenv("TRACEPARENT", given)
    with connect(address) as polycue:
        polycue.server_info()
    # Other tests may have brought OpenTelemetry into this process; the trace is the same then too.
    sent = server.came[0].get("traceparent", "")
    assert sent.split("-")[1:2] == (
        ["0af7651916cd43dd8448eb211c80319c"] if given == TRACEPARENT else []
    )


def test_an_error_says_which_call_it_was(heard: tuple[Server, str]) -> None:
    server, address = heard
    server.code = grpc.StatusCode.INTERNAL
    with connect(address) as polycue, pytest.raises(errors.ServerFault) as caught:
        polycue.server_info()
    assert caught.value.request_id == server.came[0]["x-request-id"]
    assert caught.value.request_id in explain(caught.value)


def test_an_error_that_is_the_callers_own_fault_bothers_nobody_with_an_id(
    heard: tuple[Server, str],
) -> None:
    server, address = heard
    server.code = grpc.StatusCode.INVALID_ARGUMENT
    with connect(address) as polycue, pytest.raises(errors.InvalidRequest) as caught:
        polycue.server_info()
    assert caught.value.request_id
    assert caught.value.request_id not in explain(caught.value)


def test_a_call_that_no_server_has_answered_has_an_id_too() -> None:
    with (
        connect("127.0.0.1:1", retry=Retry(attempts=1)) as polycue,
        pytest.raises(errors.ServerUnreachable) as caught,
    ):
        polycue.server_info()
    assert len(caught.value.request_id) == 32


_TRACED = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import asyncio
from polycue_client import aio, connect, errors
kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
async def more():
    async with aio.connect(sys.argv[1]) as polycue:
        try:
            await polycue.server_info()
        except errors.ServerFault:
            pass
with provider.get_tracer("mine").start_as_current_span("mine"):
    with connect(sys.argv[1]) as polycue:
        try:
            polycue.server_info()
        except errors.ServerFault:
            pass
    asyncio.run(more())
for span in kept.get_finished_spans():
    parent = span.parent.span_id if span.parent else 0
    code = span.attributes.get("rpc.grpc.status_code", 0)
    print(span.name, f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", parent, code)
"""


@pytest.mark.parametrize("code", [None, grpc.StatusCode.INTERNAL])
def test_a_program_that_traces_has_a_span_for_each_call(
    heard: tuple[Server, str], code: grpc.StatusCode | None
) -> None:
    server, address = heard
    server.code = code
    ran = subprocess.run(
        [sys.executable, "-c", _TRACED, address], capture_output=True, check=True, text=True
    )
    *calls, mine = (line.split() for line in ran.stdout.splitlines())
    assert [name for name, *_ in calls] == ["polycue.api.v1.CatalogService/GetServerInfo"] * 2
    assert {int(parent) for *_, parent, _ in calls} == {int(mine[2], 16)}
    assert {int(status) for *_, status in calls} == {code.value[0] if code else 0}
    assert [f"00-{trace}-{span}-01" for _, trace, span, *_ in calls] == [
        came["traceparent"] for came in server.came
    ]
