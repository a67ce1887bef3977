"""Where traces go, by a flag or by OpenTelemetry's own variables."""

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from polycue.app.tracing import start_tracing
from polycue.config import Settings
from polycue.tracing import spans

OTLP, TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, None),
        ({OTLP: "http://c:4317"}, "http://c:4317"),
        ({OTLP: "http://c:4317", TRACES: "http://t:4317"}, "http://t:4317"),
        ({OTLP: "http://c:4317", "POLYCUE_OTLP_ENDPOINT": "https://own:4317"}, "https://own:4317"),
        ({OTLP: "http://c:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, None),
        ({OTLP: "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http://c:4317"),
        ({OTLP: "http://c:4317", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({OTLP: "http://c:4318/v1/traces"}, None),
        ({OTLP: "c:4317"}, None),
        ({OTLP: "http://[2001:db8::1]:4317"}, "http://[2001:db8::1]:4317"),
    ],
)
def test_the_flag_goes_before_what_the_platform_says(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], endpoint: str | None
) -> None:
    for name in (OTLP, TRACES, "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().otlp_endpoint == endpoint


@pytest.mark.parametrize(
    "given", ["c:4317", "http://user:secret@c:4317", "grpc://c:4317", "http://[::1", ""]
)
def test_an_endpoint_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="otlp_endpoint"):
        Settings(otlp_endpoint=given)


@pytest.mark.parametrize("given", [-0.1, 1.1])
def test_a_share_is_within_0_and_1(given: float) -> None:
    with pytest.raises(ValidationError, match="trace_sampling"):
        Settings(trace_sampling=given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"), ("OTEL_ATTRIBUTE_COUNT_LIMIT", "many")],
)
def test_what_opentelemetry_does_not_take_costs_traces_and_not_the_server(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with capture_logs() as lines:
        start_tracing(Settings(otlp_endpoint="http://127.0.0.1:1"))()
    assert not spans.tracing()
    (line,) = (line for line in lines if line["event"].startswith("no traces"))
    assert value in line["problem"]
