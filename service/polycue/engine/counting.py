"""What the engine does, as metrics."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from polycue import metrics
from polycue.domain.caller import Urgency
from polycue.engine.batch_done import BatchDone, Queued


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


def show_queues(queues: Callable[[], Sequence[Queued]]) -> None:
    """Let whoever reads the metrics see what waits at that moment, in the queues of all models."""
    for urgency in Urgency:
        waiting = partial(_waiting, queues, urgency)
        metrics.ROWS_WAITING.labels(urgency.value).set_function(waiting)
    metrics.ROWS_WAITING_AGAIN.set_function(lambda: sum(q.again for q in queues()))
    metrics.OLDEST_ROW.set_function(lambda: max((q.oldest_s for q in queues()), default=0.0))
    metrics.ROWS_BYTES.set_function(lambda: sum(q.bytes for q in queues()))
    metrics.BATCHES_RUNNING.set_function(lambda: sum(q.running for q in queues()))
    for outcome in ("done", "failed"):  # 0: what is not there at first is not seen to grow
        metrics.TEXT_BATCHES.labels(outcome)


@contextmanager
def making_features() -> Iterator[None]:
    """The features of a chunk are made in the block."""
    began_s = time.monotonic()
    try:
        yield
        metrics.FEATURES_MADE.inc()
    finally:
        metrics.FEATURES_SECONDS.inc(time.monotonic() - began_s)


def halved(device: str) -> None:
    """A batch was too large for the memory of a device."""
    metrics.BATCHES_HALVED.labels(device).inc()


def gone(device: str) -> None:
    """A device is no part of the engine any more: it is neither down nor has it time to spare."""
    with suppress(KeyError):
        metrics.ENGINE_UP.remove(device)
    metrics.DEVICE_BUSY.remove_by_labels({"device": device})


def remembered(texts: int) -> None:
    """So many translations were known already."""
    metrics.TEXTS.labels("memory").inc(texts)


@contextmanager
def translating(
    lengths: Sequence[int], waited_s: Iterable[float], call_tokens: int
) -> Iterator[None]:
    """Texts of so many tokens are translated in the block by one call, which has room for more."""
    for wait_s in waited_s:
        metrics.TEXT_WAIT.observe(wait_s)
    metrics.TEXT_BATCH_FILL.observe(len(lengths) * max(lengths) / call_tokens)
    began_s, outcome = time.monotonic(), "failed"
    try:
        yield
        outcome = "done"
        metrics.TEXTS.labels("model").inc(len(lengths))
        metrics.TEXT_TOKENS.inc(sum(lengths))
    finally:
        metrics.TEXT_BATCHES.labels(outcome).inc()
        metrics.TEXT_SECONDS.inc(time.monotonic() - began_s)


@contextmanager
def loading(size_bytes: int) -> Iterator[None]:
    """A model of this size is loaded in the block, or fails to be."""
    began_s = time.monotonic()
    try:
        yield
    except BaseException:
        metrics.MODEL_LOADS.labels("failed").inc()
        raise
    metrics.MODEL_LOADS.labels("loaded").inc()
    metrics.MODEL_LOAD_SECONDS.inc(time.monotonic() - began_s)
    metrics.MODELS_LOADED.inc()
    metrics.MODELS_BYTES.inc(size_bytes)


def let_go(size_bytes: int, reason: str) -> None:
    """A model of this size has left the memory."""
    metrics.MODELS_LET_GO.labels(reason).inc()
    metrics.MODELS_LOADED.dec()
    metrics.MODELS_BYTES.dec(size_bytes)


def _waiting(queues: Callable[[], Sequence[Queued]], urgency: Urgency) -> int:
    return sum(queued.waiting.get(urgency, 0) for queued in queues())
