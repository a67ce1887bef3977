"""Spans by OpenTelemetry's SDK, without a collector."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from polycue.domain.caller import Caller
from polycue.domain.errors import Cancelled, NotMedia
from polycue.engine import batch_spans
from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.origin import Origin
from polycue.tracing import spans
from polycue.tracing.otel import OtelTracer
from polycue.tracing.parts import Part, noted, part
from polycue.tracing.sending import Sending
from polycue.tracing.traceparent import below, parsed, written
from support.heard import Counted

FILM, OTHER = written(1, 11, 1), written(2, 22, 1)
UNKEPT = written(3, 33, 0)


class Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
def kept() -> Iterator[Kept]:
    exporter = Kept()
    sending = Sending(exporter, Counted(), close_within_s=5)
    tracer = OtelTracer(sending, {"service.name": "polycue"}, sampling=1.0)
    spans.install(tracer)
    yield exporter
    spans.install(None)
    tracer.close()


def told(kept: Kept) -> Kept:
    tracer = spans._tracer
    assert isinstance(tracer, OtelTracer)
    spans.install(None)
    tracer.close()
    return kept


def test_nothing_of_opentelemetry_is_loaded_while_nobody_traces() -> None:
    program = "import polycue.app.run, sys; print('opentelemetry' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert out.stdout.strip() == "False"


def test_without_a_tracer_spans_are_nothing_and_hide_nothing() -> None:
    with spans.span("a", rows=3) as span:
        span.set(more=1)
        assert spans.place() == span.place == ""
    with pytest.raises(ValueError, match="said"), spans.span("b"):
        raise ValueError("said")


def test_what_is_done_within_a_span_is_below_it(kept: Kept) -> None:
    with spans.span("outer") as outer, spans.span("inner"):
        spans.begin("child", rows=3).end()
        assert parsed(spans.place())
    del outer
    told(kept)
    (child,), (inner,), (top,) = map(kept.named, ("child", "inner", "outer"))
    assert child.parent and child.parent.span_id == inner.context.span_id  # noqa: PT018
    assert inner.parent and inner.parent.span_id == top.context.span_id  # noqa: PT018
    assert top.parent is None
    assert child.attributes == {"polycue.rows": 3}


def test_an_error_is_told_by_its_kind_and_never_in_its_words(kept: Kept) -> None:
    with pytest.raises(NotMedia), spans.span("probe"):
        raise NotMedia(Path("/films/The Name.mkv"), "nothing in it")
    with pytest.raises(Cancelled), spans.span("listen"):
        raise Cancelled
    told(kept)
    (failed,), (stopped,) = kept.named("probe"), kept.named("listen")
    assert failed.attributes == {"error.type": "NotMedia"}
    assert not failed.status.is_ok
    assert "Name" not in failed.to_json()
    assert stopped.attributes == {"polycue.stopped": "Cancelled"}
    assert stopped.status.is_unset


def test_a_span_takes_the_place_that_was_kept_for_it(kept: Kept) -> None:
    own = below(FILM)
    spans.record("attempt", parent=own).end()
    spans.record("job", parent=FILM, own=own).end()
    spans.record("later", parent=FILM).end()
    told(kept)
    (job,), (attempt,), (later,) = map(kept.named, ("job", "attempt", "later"))
    assert attempt.parent and attempt.parent.span_id == job.context.span_id  # noqa: PT018
    assert job.parent and job.parent.span_id == 11  # noqa: PT018
    assert later.context.span_id != job.context.span_id


def test_what_the_caller_does_not_keep_is_not_kept(kept: Kept) -> None:
    with spans.span("call", parent=UNKEPT):
        spans.begin("inner").end()
    told(kept)
    assert kept.spans == []


def served(trace: str, waited_s: float = 0.5) -> Served:
    return Served(Caller(), waited_s, 2.0, 7, 3000, again=False, origin=Origin("r", "j", trace))


def batch(*rows: Served) -> BatchDone:
    return BatchDone(
        *("tiny", "cpu", 0, rows, 4),
        took_s=1.0,
        failed=False,
        began_ns=8_000_000_000,
        ended_ns=9_000_000_000,
    )


def test_a_batch_is_in_the_trace_of_its_first_kept_row_and_points_at_all_of_them(
    kept: Kept,
) -> None:
    batch_spans.tell(batch(served(UNKEPT), served(""), served(FILM), served(OTHER)))
    told(kept)
    (done,) = kept.named("recognise batch")
    rows = kept.named("recognise row")
    assert [row.context.trace_id for row in rows] == [1, 2]
    assert done.context.trace_id == 1
    assert [link.context.span_id for link in done.links] == [row.context.span_id for row in rows]
    assert all(row.links[0].context.span_id == done.context.span_id for row in rows)
    assert done.attributes and done.attributes["polycue.rows"] == 4  # noqa: PT018
    assert (done.start_time, done.end_time) == (8_000_000_000, 9_000_000_000)
    assert {(row.start_time, row.end_time) for row in rows} == {(7_000_000_000, 9_000_000_000)}


def test_what_a_batch_consisted_of_is_within_its_span(kept: Kept) -> None:
    lost = Part("decode text", 8_000_002_000, 500, {}, failed="OutOfMemory")
    whole = Part(
        "recognise in engine", 8_000_001_000, 2_000, {"process.pid": 7, "way_ms": 3}, (lost,)
    )
    batch_spans.tell(replace(batch(served(FILM)), parts=[whole], failed=True))
    told(kept)
    (done,), (engine,) = map(kept.named, ("recognise batch", "recognise in engine"))
    (inner,) = kept.named("decode text")
    assert engine.parent and engine.parent.span_id == done.context.span_id  # noqa: PT018
    assert inner.parent and inner.parent.span_id == engine.context.span_id  # noqa: PT018
    assert engine.attributes == {"process.pid": 7, "polycue.way_ms": 3}
    assert (engine.start_time, engine.end_time) == (8_000_001_000, 8_000_003_000)
    assert (inner.start_time, inner.end_time) == (8_000_002_000, 8_000_002_500)
    assert inner.attributes == {"error.type": "OutOfMemory"}
    assert engine.status.is_ok
    assert not inner.status.is_ok


def test_a_batch_of_which_nothing_is_kept_has_no_span(kept: Kept) -> None:
    batch_spans.tell(batch(served(UNKEPT), served("")))
    told(kept)
    assert kept.spans == []


def test_only_for_a_trace_that_is_kept_is_it_noted_what_a_translation_consists_of(
    kept: Kept,
) -> None:
    with batch_spans.translating([Origin(trace=FILM)], 3, 40), part("translate in engine"):
        assert noted()
    with batch_spans.translating([Origin(trace=UNKEPT), Origin()], 3, 40):
        assert noted() is None
    told(kept)
    (batch_,), (engine,) = map(kept.named, ("translate batch", "translate in engine"))
    assert engine.parent and engine.parent.span_id == batch_.context.span_id  # noqa: PT018


def test_a_call_to_a_translator_points_at_all_who_asked(kept: Kept) -> None:
    asked = [Origin(trace=UNKEPT), Origin(trace=OTHER), Origin(trace=FILM), Origin(trace=FILM)]
    with batch_spans.translating(asked, texts=3, tokens=40):
        pass
    told(kept)
    (done,) = kept.named("translate batch")
    assert done.context.trace_id == 2
    assert [link.context.trace_id for link in done.links] == [3, 2, 1]
