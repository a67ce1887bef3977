"""What the server counts, for Prometheus; ``docs/operations.md`` says what each number means.

All of it is in a registry of its own, counted from any thread. A label's values are few and known
beforehand: states, reasons, methods, devices. Never a tenant, a job or a file.
"""

from collections.abc import Callable
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    start_http_server,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_counter = partial(Counter, registry=REGISTRY)
_gauge = partial(Gauge, registry=REGISTRY)
_histogram = partial(Histogram, registry=REGISTRY)

# --- jobs -----------------------------------------------------------------------------------

JOBS = _gauge("polycue_jobs", "Jobs of this store now.", ["state"])
JOBS_ENDED = _counter(
    "polycue_jobs_ended",
    "Jobs whose work ended on this server, or that it gave up; one cancelled while it waited"
    " is not counted; reason is empty unless they failed.",
    ["state", "reason"],
)
LEASES_LOST = _counter(
    "polycue_leases_lost", "Jobs this server had to drop because another has them."
)

# --- from a film to chunks ------------------------------------------------------------------

SOUND_SECONDS = _counter(
    "polycue_sound_seconds",
    "Time that the threads between films and recogniser spent; stage is decode (ffmpeg, mixing),"
    " cut (finding speech, cutting) or held (the recogniser takes no more yet).",
    ["stage"],
)
SOUND_DECODED = _counter("polycue_decoded_audio_seconds", "Sound of films that was decoded.")

FEATURES_SECONDS = _counter(
    "polycue_features_seconds", "Time that making features of chunks took, in threads beside those."
)
FEATURES_MADE = _counter("polycue_features_made", "Chunks whose features were made.")

# --- recognition: a row is a chunk in a batch -----------------------------------------------

BATCHES = _counter(
    "polycue_batches",
    "Batches that a device ran; outcome is failed where it gave up on one as a whole, else done.",
    ["device", "outcome"],
)
BATCH_FILL = _histogram(
    "polycue_batch_fill",
    "How full those batches were that were done, 0 to 1.",
    ["device"],
    buckets=(0.125, 0.25, 0.5, 0.75, 0.9, 1),
)
BATCH_SECONDS = _histogram(
    "polycue_batch_seconds",
    "How long batches took, those that failed too.",
    ["device"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 120),
)
DEVICE_BUSY = _counter(
    "polycue_device_busy_seconds",
    "Time that each worker of a device was at batches; its rate is the share of time it is busy.",
    ["device", "worker"],
)
ROWS = _counter(
    "polycue_rows",
    "Chunks that were recognised; try is first, or again where the first was in doubt.",
    ["device", "try"],
)
ROW_WAIT = _histogram(
    "polycue_row_wait_seconds",
    "From when a chunk's sound was ready until its batch began, by who asks: live or batch.",
    ["urgency"],
    buckets=(0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
ROW_AGE = _histogram(
    "polycue_row_seconds",
    "From when a chunk was asked for until its batch ended, likewise.",
    ["urgency"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
TOKENS = _counter("polycue_tokens", "Tokens that recognisers wrote.", ["device"])
AUDIO = _counter(
    "polycue_recognised_audio_seconds", "Sound that was recognised, without that of tries again."
)

ROWS_WAITING = _gauge(
    "polycue_rows_waiting",
    "Chunks that no batch has taken yet, those whose sound is still being made among them.",
    ["urgency"],
)
ROWS_WAITING_AGAIN = _gauge(
    "polycue_rows_waiting_again", "Those of them that are to be recognised once more."
)
OLDEST_ROW = _gauge(
    "polycue_oldest_row_seconds", "For how long the oldest chunk whose sound is ready has waited."
)
ROWS_BYTES = _gauge("polycue_rows_bytes", "Memory of all chunks that wait or run.")
BATCHES_RUNNING = _gauge("polycue_batches_running", "Batches at work now.")

BATCHES_HALVED = _counter(
    "polycue_batches_halved",
    "Times that a device had too little memory for a batch, and has smaller ones from then on.",
    ["device"],
)

# --- translation ----------------------------------------------------------------------------

TEXT_BATCHES = _counter(
    "polycue_text_batches",
    "Calls to translation models; outcome is failed where none of their texts was translated,"
    " else done.",
    ["outcome"],
)
TEXT_BATCH_FILL = _histogram(
    "polycue_text_batch_fill",
    "How full those calls were, padding included, 0 to 1; more where a single text is longer.",
    buckets=(0.125, 0.25, 0.5, 0.75, 0.9, 1),
)
TEXT_SECONDS = _counter("polycue_text_batch_seconds", "Time that those calls took.")
TEXTS = _counter(
    "polycue_texts",
    "Texts that were translated; by is model, or memory where the same had been translated before.",
    ["by"],
)
TEXT_TOKENS = _counter("polycue_text_tokens", "Tokens of the texts that models translated.")
TEXT_WAIT = _histogram(
    "polycue_text_wait_seconds",
    "From when a text was asked for until its call began.",
    buckets=(0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120),
)

# --- models in memory ------------------------------------------------------------------------

MODELS_LOADED = _gauge("polycue_models_loaded", "Models in memory now.")
MODELS_BYTES = _gauge("polycue_models_bytes", "What those are reckoned to take of the budget.")
MODEL_LOADS = _counter(
    "polycue_model_loads",
    "Models that were loaded, or tried to be: outcome is loaded or failed.",
    ["outcome"],
)
MODEL_LOAD_SECONDS = _counter("polycue_model_load_seconds", "Time that loading models took.")
MODELS_LET_GO = _counter(
    "polycue_models_let_go",
    "Models that left the memory: reason is idle, room (others needed it) or stop.",
    ["reason"],
)

# --- engine and sandbox ---------------------------------------------------------------------

ENGINE_RESTARTS = _counter(
    "polycue_engine_restarts", "Engine children that were replaced.", ["reason"]
)
ENGINE_UP = _gauge(
    "polycue_engine_up",
    "1 while the engine child of this device can be used; none where models run in threads.",
    ["device"],
)
SANDBOX = _gauge(
    "polycue_sandbox_layer", "1 where this layer of ffmpeg's sandbox is in force.", ["layer"]
)

# --- calls ----------------------------------------------------------------------------------

CALLS = _histogram(
    "polycue_call_seconds",
    "How long calls took, by how they ended.",
    ["method", "code"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600),
)
CALLS_REFUSED = _counter("polycue_calls_refused", "Calls turned away at the door.", ["reason"])
CALLS_AT_WORK = _gauge("polycue_calls_at_work", "Calls that hold a place now.", ["kind"])
BYTES_UPLOADED = _counter("polycue_uploaded_bytes", "Bytes of media taken in.")
BYTES_READ = _counter("polycue_read_bytes", "Bytes of results sent.")

# --- the process ----------------------------------------------------------------------------

LOOP_LAG = _histogram(
    "polycue_event_loop_lag_seconds",
    "How late the event loop, which answers health checks too, got to what was due.",
    buckets=(0.005, 0.02, 0.1, 0.5, 1, 2, 5),
)
RELOADS = _counter(
    "polycue_reloads",
    "Files that were read again because they changed, by what came of it.",
    ["file", "outcome"],
)


def serve(host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Answer GET over HTTP from a thread; returns the port and what ends it.

    Raises:
        OSError: the address is taken, or not this machine's.
    """
    server, thread = start_http_server(port, host, registry=REGISTRY)

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, close
