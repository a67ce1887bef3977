"""Spans on their way to the collector: a bounded queue, and one thread that empties it.

OpenTelemetry's own batch processor does not say what it drops, and at the end of a process it may
wait half a minute for a collector that is not there.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

MOST_WAITING = 8192  # a film of two hours makes about two thousand spans
_A_BATCH = 512
_EVERY_S = 1.0  # what is little is sent so often
_LAST_MOMENT_S = 0.5


class Heard(Protocol):
    """Is told how sending goes, in whatever thread; must not block."""

    def sent(self, spans: int) -> None: ...
    def dropped(self, spans: int, why: str) -> None:
        """``why`` is "queue": that was full; or "export": the collector did not take them."""
        ...


class Sending(SpanProcessor):
    """Safe to use from any thread; ``shutdown`` sends the rest within ``close_within_s``."""

    def __init__(self, exporter: SpanExporter, heard: Heard, *, close_within_s: float) -> None:
        self._exporter, self._heard, self._close_within_s = exporter, heard, close_within_s
        self._waiting: deque[ReadableSpan] = deque()
        self._news = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._send, name="spans", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"Sending({len(self._waiting)} spans wait)"

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Only spans that have ended are sent."""

    def on_end(self, span: ReadableSpan) -> None:
        if not (span.context and span.context.trace_flags.sampled):
            return
        with self._news:
            full = self._closed or len(self._waiting) >= MOST_WAITING
            if not full:
                self._waiting.append(span)
                if len(self._waiting) >= _A_BATCH:
                    self._news.notify_all()
        if full:
            self._heard.dropped(1, "queue")

    def shutdown(self) -> None:
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._thread.join(self._close_within_s)
        self._exporter.shutdown()  # ends what is still tried
        self._thread.join(_LAST_MOMENT_S)
        with self._news:
            left = len(self._waiting)
            self._waiting.clear()
        if left:
            self._heard.dropped(left, "export")

    def _send(self) -> None:
        while True:
            with self._news:
                if not (self._closed or len(self._waiting) >= _A_BATCH):
                    self._news.wait(_EVERY_S)
                batch = [self._waiting.popleft() for _ in range(min(_A_BATCH, len(self._waiting)))]
                over = self._closed and not batch
            if over:
                return
            if batch:
                self._export(batch)

    def _export(self, batch: Sequence[ReadableSpan]) -> None:
        try:
            taken = self._exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception:  # whatever it is, work goes on, and so does this thread
            taken = False
        if taken:
            self._heard.sent(len(batch))
        else:
            self._heard.dropped(len(batch), "export")
