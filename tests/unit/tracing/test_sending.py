"""Spans on their way to a collector that is slow, full or not there."""

import threading
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, TraceFlags

from polycue.tracing import sending as sending_module
from polycue.tracing.sending import MOST_WAITING, Sending
from support.heard import WAIT_S, Counted


class Gate(SpanExporter):
    """Takes a batch once it is open; ``outcome`` is what it says of each."""

    def __init__(self, outcome: SpanExportResult = SpanExportResult.SUCCESS) -> None:
        self.open, self.asked, self.outcome = threading.Event(), threading.Event(), outcome

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked.set()
        assert self.open.wait(WAIT_S)
        return self.outcome

    def shutdown(self) -> None:
        self.open.set()


class Broken(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise RuntimeError("of a library")


def span(*, sampled: bool = True) -> ReadableSpan:
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
    return ReadableSpan("a", SpanContext(1, 2, is_remote=False, trace_flags=flags))


def test_what_a_full_queue_does_not_hold_is_counted_and_nobody_waits() -> None:
    gate, heard = Gate(), Counted()
    sending = Sending(gate, heard, close_within_s=WAIT_S)
    sending.on_end(span())
    assert gate.asked.wait(WAIT_S)
    for _ in range(MOST_WAITING + 5):
        sending.on_end(span())
    assert heard.spans == {"queue": 5}
    gate.open.set()
    sending.shutdown()
    assert heard.spans == {"queue": 5, "sent": MOST_WAITING + 1}


def test_what_the_collector_does_not_take_is_counted_and_the_next_is_tried() -> None:
    gate, heard = Gate(SpanExportResult.FAILURE), Counted()
    gate.open.set()
    sending = Sending(gate, heard, close_within_s=WAIT_S)
    sending.on_end(span())
    heard.wait_for("export", 1)
    gate.outcome = SpanExportResult.SUCCESS
    sending.on_end(span())
    sending.shutdown()
    assert heard.spans == {"export": 1, "sent": 1}


def test_an_exporter_that_breaks_down_ends_nothing() -> None:
    heard = Counted()
    sending = Sending(Broken(), heard, close_within_s=WAIT_S)
    for number in (1, 2):
        sending.on_end(span())
        heard.wait_for("export", number)
    sending.shutdown()


def test_the_end_does_not_wait_for_a_collector_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending_module, "_LAST_MOMENT_S", WAIT_S)  # until it has said what became
    gate, heard = Gate(), Counted()
    sending = Sending(gate, heard, close_within_s=0.01)
    sending.on_end(span())
    assert gate.asked.wait(WAIT_S)
    sending.on_end(span())
    sending.shutdown()
    assert heard.spans["export"] + heard.spans["sent"] >= 1


def test_what_is_not_sampled_is_not_sent() -> None:
    gate, heard = Gate(), Counted()
    gate.open.set()
    sending = Sending(gate, heard, close_within_s=WAIT_S)
    sending.on_end(span(sampled=False))
    sending.shutdown()
    assert not heard.spans
