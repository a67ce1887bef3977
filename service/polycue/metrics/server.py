"""Of calls and of the process."""

from polycue.metrics.registry import counter, gauge, histogram

CALLS = histogram(
    "polycue_call_seconds",
    "How long calls took, by how they ended.",
    ["method", "code"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600),
)
CALLS_REFUSED = counter("polycue_calls_refused", "Calls turned away at the door.", ["reason"])
CALLS_AT_WORK = gauge("polycue_calls_at_work", "Calls that hold a place now.", ["kind"])
BYTES_UPLOADED = counter("polycue_uploaded_bytes", "Bytes of media taken in.")
BYTES_READ = counter("polycue_read_bytes", "Bytes of results sent.")

LOOP_LAG = histogram(
    "polycue_event_loop_lag_seconds",
    "How late the event loop, which answers health checks too, got to what was due.",
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5),
)
RELOADS = counter(
    "polycue_reloads",
    "Files that were read again because they changed, by what came of it.",
    ["file", "outcome"],
)

SPANS = counter(
    "polycue_spans",
    "Spans of traces: sent, or lost because the queue was full or the collector did not take them"
    " (export).",
    ["outcome"],
)

SERVING = gauge(
    "polycue_serving",
    "1 while health says SERVING for this service: its models, its store, its disk can be used.",
    ["service"],
)
INFO = gauge("polycue_info", "1; its labels say what this server is.", ["version", "engine"])
