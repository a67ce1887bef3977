"""Of what keeps jobs and files."""

from polycue.metrics.registry import counter, gauge, histogram

STORE_SECONDS = histogram(
    "polycue_store_seconds",
    "How long operations on stores took, with waits for a lock, a connection or an answer; store is"
    " sqlite, postgresql, folder or bucket.",
    ["store", "operation"],
    buckets=(0.002, 0.01, 0.05, 0.2, 1, 5, 20, 60),
)
STORE_FAILURES = counter(
    "polycue_store_failures",
    "Operations that a store could not do: reason is full, unavailable or unusable.",
    ["store", "reason"],
)
STORE_RETRIES = counter(
    "polycue_store_retries",
    "Times that a store was asked again because it did not answer.",
    ["store"],
)
DATA_FREE = gauge(
    "polycue_data_free_bytes", "Room that is left for this server where its data folder lies."
)
DATA_SIZE = gauge("polycue_data_size_bytes", "Room that there is in all.")
