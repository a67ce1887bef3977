"""What the engine does, as metrics."""

from polycue import metrics
from polycue.engine.batch_done import BatchDone


def count(done: BatchDone) -> None:
    """Count a batch that has ended, and its rows."""
    device = done.device
    metrics.BATCHES.labels(device, "failed" if done.failed else "done").inc()
    metrics.BATCH_SECONDS.labels(device).observe(done.took_s)
    metrics.DEVICE_BUSY.labels(device, str(done.worker)).inc(done.took_s)
    if done.failed:  # its rows come again, one by one
        return
    metrics.BATCH_FILL.labels(device).observe(len(done.rows) / done.max_rows)
    for row in done.rows:
        urgency = row.caller.urgency.value
        metrics.ROWS.labels(device, "again" if row.again else "first").inc()
        metrics.ROW_WAIT.labels(urgency).observe(row.waited_s)
        metrics.ROW_AGE.labels(urgency).observe(row.age_s)
        metrics.TOKENS.labels(device).inc(row.tokens)
        if not row.again:
            metrics.AUDIO.inc(row.audio_ms / 1000)
