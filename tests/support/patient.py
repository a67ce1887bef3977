"""Limits of a server's that a busy machine must not come to, where they are not what is tried."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

WAIT_S = 60.0
# How long a batch of spans may take to be sent, and how long the last ones when a server ends.
_OF_TRACES = ("polycue.tracing.otel._EXPORT_S", "polycue.app.tracing._CLOSE_S")


@contextmanager
def patient_tracing() -> Iterator[None]:
    """No span is lost because its collector got no processor; this loads OpenTelemetry."""
    with ExitStack() as stack:
        for limit in _OF_TRACES:
            stack.enter_context(mock.patch(limit, WAIT_S))
        yield
