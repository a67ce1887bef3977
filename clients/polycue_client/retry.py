"""How often and how soon something is tried again while the server is away or full."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from polycue_client.errors import (
    PolycueClientError,
    ResourceExhausted,
    ServerUnreachable,
    TransferStalled,
    WriteOffsetMismatch,
)

# What passes by itself, or is survived by asking the server how far a transfer came.
_TRANSIENT = (ServerUnreachable, TransferStalled, WriteOffsetMismatch)

# How often a clip is begun. It may be what its servers are lost for, and would take them all.
CLIP_TRIES = 3

_MOST_DOUBLINGS = 64  # a float ends after a thousand, which a patient caller may come to

# A server that comes back is not met by all its clients in the same instant.
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Retry:
    """Patience with a server that is away; the default gives it two minutes to come back.

    The wait doubles from ``first_delay_s`` to ``longest_delay_s``, each somewhat shorter by chance;
    a server that says how long to wait has its way. ``attempts`` and ``patience_s`` hold for
    failures in a row: whatever gets through starts both anew. ``on_wait`` is told the first error
    of a row, from whichever thread had it. A server that never answered is waited for by
    watches and downloads only.
    """

    attempts: int = 100
    patience_s: float = 120.0
    first_delay_s: float = 0.2
    longest_delay_s: float = 5.0
    on_wait: Callable[[PolycueClientError], None] | None = None


class Failures:
    """Failures in a row of one call or transfer, held against a ``Retry``."""

    def __init__(
        self,
        retry: Retry,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = _random.random,
    ) -> None:
        """``chance`` is within 0..1."""
        self._retry, self._clock, self._chance = retry, clock, chance
        self._count, self._since_s = 0, 0.0

    def __repr__(self) -> str:
        return f"Failures({self._count} of {self._retry.attempts})"

    def forget(self) -> None:
        """Something got through."""
        self._count = 0

    def delay_s(self, error: PolycueClientError) -> float:
        """Count the error and say how long to wait before the next try.

        Raises:
            PolycueClientError: the error itself, where trying again is of no use or was tried
                often enough.
        """
        if not passes(error):
            raise bare(error)
        now_s = self._clock()
        if not self._count:
            self._since_s = now_s
        self._count += 1
        wait_s = self._wait_s(error)
        too_late = now_s + wait_s - self._since_s > self._retry.patience_s
        if too_late or self._count >= self._retry.attempts:
            raise bare(error)
        if self._count == 1 and self._retry.on_wait:
            self._retry.on_wait(error)
        return wait_s

    def _wait_s(self, error: PolycueClientError) -> float:
        doublings = min(self._count - 1, _MOST_DOUBLINGS)
        doubled_s = self._retry.first_delay_s * 2.0**doublings
        ours_s = min(doubled_s, self._retry.longest_delay_s) * (1 - 0.3 * self._chance())
        return max(ours_s, error.retry_after_s or 0.0)


def bare(error: PolycueClientError) -> PolycueClientError:
    """The error without the way it came; its cause, what grpc raised, shows most of the same."""
    return error.with_traceback(None)


def passes(error: PolycueClientError) -> bool:
    """Whether the same call may well succeed later.

    A server that is full says when to come back; a message over the size limit has the same status
    and no such word.
    """
    full = isinstance(error, ResourceExhausted) and error.retry_after_s is not None
    return full or isinstance(error, _TRANSIENT)
