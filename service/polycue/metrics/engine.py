"""Of the engine: from sound to rows, batches, translations and models."""

from polycue.metrics.registry import counter, gauge, histogram

# --- from a film to chunks ---------------------------------------------------------------------

SOUND_SECONDS = counter(
    "polycue_sound_seconds",
    "Time that the threads between films and recogniser spent; stage is decode (ffmpeg, mixing),"
    " cut (finding speech, cutting) or held (the recogniser takes no more yet).",
    ["stage"],
)
SOUND_DECODED = counter("polycue_decoded_audio_seconds", "Sound of films that was decoded.")

FEATURES_SECONDS = counter(
    "polycue_features_seconds", "Time that making features of chunks took, in threads beside those."
)
FEATURES_MADE = counter("polycue_features_made", "Chunks whose features were made.")

# --- recognition: a row is a chunk in a batch --------------------------------------------------

BATCHES = counter(
    "polycue_batches",
    "Batches that a device ran; outcome is failed where it gave up on one as a whole, else done.",
    ["device", "outcome"],
)
BATCH_FILL = histogram(
    "polycue_batch_fill",
    "How full those batches were that were done, 0 to 1.",
    ["device"],
    buckets=(0.125, 0.25, 0.5, 0.75, 0.9, 1),
)
BATCH_SECONDS = histogram(
    "polycue_batch_seconds",
    "How long batches took, those that failed too.",
    ["device"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 120),
)
DEVICE_BUSY = counter(
    "polycue_device_busy_seconds",
    "Time that each worker of a device was at batches; its rate is the share of time it is busy.",
    ["device", "worker"],
)
ROWS = counter(
    "polycue_rows",
    "Chunks that were recognised; try is first, or again where the first was in doubt.",
    ["device", "try"],
)
ROW_WAIT = histogram(
    "polycue_row_wait_seconds",
    "From when a chunk's sound was ready until its batch began, by who asks: live or batch.",
    ["urgency"],
    buckets=(0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
ROW_AGE = histogram(
    "polycue_row_seconds",
    "From when a chunk was asked for until its batch ended, likewise.",
    ["urgency"],
    buckets=(0.1, 0.5, 1, 2, 5, 10, 30, 120, 600),
)
TOKENS = counter("polycue_tokens", "Tokens that recognisers wrote.", ["device"])
AUDIO = counter(
    "polycue_recognised_audio_seconds", "Sound that was recognised, without that of tries again."
)

ROWS_WAITING = gauge(
    "polycue_rows_waiting",
    "Chunks that no batch has taken yet, those whose sound is still being made among them.",
    ["urgency"],
)
ROWS_WAITING_AGAIN = gauge(
    "polycue_rows_waiting_again", "Those of them that are to be recognised once more."
)
OLDEST_ROW = gauge(
    "polycue_oldest_row_seconds", "For how long the oldest chunk whose sound is ready has waited."
)
ROWS_BYTES = gauge("polycue_rows_bytes", "Memory of all chunks that wait or run.")
BATCHES_RUNNING = gauge("polycue_batches_running", "Batches at work now.")

BATCHES_HALVED = counter(
    "polycue_batches_halved",
    "Times that a device had too little memory for a batch, and has smaller ones from then on.",
    ["device"],
)

# --- translation -------------------------------------------------------------------------------

TEXT_BATCHES = counter(
    "polycue_text_batches",
    "Calls to translation models; outcome is failed where none of their texts was translated,"
    " else done.",
    ["outcome"],
)
TEXT_BATCH_FILL = histogram(
    "polycue_text_batch_fill",
    "How full those calls were, padding included, 0 to 1; more where a single text is longer.",
    buckets=(0.125, 0.25, 0.5, 0.75, 0.9, 1),
)
TEXT_SECONDS = counter("polycue_text_batch_seconds", "Time that those calls took.")
TEXTS = counter(
    "polycue_texts",
    "Texts that were translated; by is model, or memory where the same had been translated before.",
    ["by"],
)
TEXT_TOKENS = counter("polycue_text_tokens", "Tokens of the texts that models translated.")
TEXT_WAIT = histogram(
    "polycue_text_wait_seconds",
    "From when a text was asked for until its call began.",
    buckets=(0.01, 0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120),
)

# --- models in memory --------------------------------------------------------------------------

MODELS_LOADED = gauge("polycue_models_loaded", "Models in memory now.")
MODELS_BYTES = gauge("polycue_models_bytes", "What those are reckoned to take of the budget.")
MODEL_LOADS = counter(
    "polycue_model_loads",
    "Models that were loaded, or tried to be: outcome is loaded or failed.",
    ["outcome"],
)
MODEL_LOAD_SECONDS = counter("polycue_model_load_seconds", "Time that loading models took.")
MODELS_LET_GO = counter(
    "polycue_models_let_go",
    "Models that left the memory: reason is idle, room (others needed it) or stop.",
    ["reason"],
)

# --- children ----------------------------------------------------------------------------------

ENGINE_RESTARTS = counter(
    "polycue_engine_restarts", "Engine children that were replaced.", ["reason"]
)
ENGINE_UP = gauge(
    "polycue_engine_up",
    "1 while the engine child or the actor of this device can be used; none where models run in"
    " threads.",
    ["device"],
)
