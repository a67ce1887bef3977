"""How long operations on stores of jobs and of files take, and what they could not do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from polycue import metrics
from polycue.domain.errors import StorageFull, StorageUnavailable, StoreUnavailable, StoreUnusable

_REASONS = (
    (StorageFull, "full"),
    (StoreUnavailable, "unavailable"),
    (StorageUnavailable, "unavailable"),
    (StoreUnusable, "unusable"),
)


@contextmanager
def timed(store: str, operation: str) -> Iterator[None]:
    """The block is one operation; what a caller did wrong is no failure of the store's."""
    began_s = time.monotonic()
    try:
        yield
    except tuple(kind for kind, _ in _REASONS) as error:
        reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
        metrics.STORE_FAILURES.labels(store, reason).inc()
        raise
    finally:
        metrics.STORE_SECONDS.labels(store, operation).observe(time.monotonic() - began_s)


def tell_of(store: str) -> None:
    """Have its failures be 0 from the start: what is not there at first is not seen to grow."""
    for _, reason in _REASONS:
        metrics.STORE_FAILURES.labels(store, reason)
    metrics.STORE_RETRIES.labels(store)
