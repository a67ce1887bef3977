"""Traces, by the server's settings. Work never fails, nor waits, for want of them."""

import os
import socket
import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from polycue import metrics, telemetry
from polycue.config import Settings
from polycue.jobs.job import new_id
from polycue.tracing import spans

if TYPE_CHECKING:
    from polycue.tracing.otel import OtelTracer

_CLOSE_S = 2.0  # for the last spans, when the server ends

log = telemetry.logger(__name__)


def start_tracing(settings: Settings) -> Callable[[], None]:
    """Send spans to the collector that the settings name; returns what ends that."""
    if settings.otlp_endpoint is None:
        if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
            log.info("no traces: OTEL_* name no collector that takes them by gRPC at a URL")
        return _nothing
    try:
        tracer = _open(settings.otlp_endpoint, settings.trace_sampling)
    except ImportError as error:
        log.warning(
            "no traces: OpenTelemetry is not installed; pip install 'polycue[tracing]'",
            lacks=error.name,
        )
        return _nothing
    except Exception as error:  # one of OTEL_*, each of which has its own kind
        log.warning("no traces: OpenTelemetry does not take its variables", problem=str(error))
        return _nothing
    spans.install(tracer)

    def end() -> None:
        spans.install(None)
        tracer.close()

    return end


def _open(endpoint: str, sampling: float) -> "OtelTracer":
    from polycue.tracing.otel import open_tracer  # an extra, and nobody pays for it unasked

    return open_tracer(
        endpoint,
        _resource(),
        sampling=sampling,
        heard=_Heard(endpoint),
        close_within_s=_CLOSE_S,
    )


def _resource() -> dict[str, str]:
    """Who we are, in the words of OpenTelemetry; OTEL_RESOURCE_ATTRIBUTES goes before it."""
    return {
        "service.name": "polycue",
        "service.version": version("polycue"),
        "service.instance.id": new_id(),
        "host.name": socket.gethostname(),
    }


class _Heard:
    """Counts spans, and says once when the collector goes away and when it is back."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint, self._lock = endpoint, threading.Lock()
        self._away = False

    def sent(self, spans: int) -> None:
        metrics.SPANS.labels("sent").inc(spans)
        if self._is_now(away=False):
            log.info("traces are taken again", collector=self._endpoint)

    def dropped(self, spans: int, why: str) -> None:
        metrics.SPANS.labels(why).inc(spans)
        if why == "export" and self._is_now(away=True):
            log.warning("traces are lost: the collector takes none", collector=self._endpoint)

    def _is_now(self, *, away: bool) -> bool:
        """Whether that is news."""
        with self._lock:
            before, self._away = self._away, away
        return before != away


def _nothing() -> None:
    pass
