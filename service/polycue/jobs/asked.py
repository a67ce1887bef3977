"""Who asked for a job, in the words of logs and traces: it outlives the call, and its server."""

from dataclasses import dataclass

from polycue import telemetry
from polycue.tracing import spans
from polycue.tracing.traceparent import below


@dataclass(frozen=True, slots=True)
class Asked:
    """The call that queued a job, or that queued it again.

    ``request_id`` is the call's, from its metadata. ``trace`` is the place that is kept in the
    call's trace for the span of the job, whoever ends it, ``within`` the call's own; both "" where
    nobody traced it. ``at_ms`` is when, since the epoch.
    """

    request_id: str = ""
    trace: str = ""
    within: str = ""
    at_ms: int = 0


NOT_TRACED = Asked()


def asked_here(now_ms: int) -> Asked:
    """By the call that this runs for."""
    within = spans.place()
    request_id = str(telemetry.facts().get("request_id", ""))
    return Asked(request_id, below(within), within, now_ms)


def tell_end(asked: Asked, job_id: str, state: str, reason: str, attempts: int) -> None:
    """The span of a job that has ended now, all its attempts in it."""
    if not asked.trace:
        return
    span = spans.record(
        "job",
        parent=asked.within,
        own=asked.trace,
        began_ns=asked.at_ms * 1_000_000,
        job=job_id,
        request_id=asked.request_id,
        state=state,
        attempts=attempts,
    )
    if reason:
        span.fail(reason)
    span.end()
