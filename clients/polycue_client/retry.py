"""How often and how soon something is tried again after the connection broke."""

from dataclasses import dataclass

from polycue_client.errors import (
    PolycueClientError,
    ServerUnreachable,
    TransferStalled,
    WriteOffsetMismatch,
)

#: What a transfer survives by asking the server how far it came.
TRANSIENT = (ServerUnreachable, TransferStalled, WriteOffsetMismatch)


@dataclass(frozen=True, slots=True)
class Retry:
    """Patience with a connection that breaks; the default gives a server 30 s to come back.

    The wait doubles from ``first_delay_s`` to ``longest_delay_s``. ``attempts`` counts failures in
    a row: whatever gets through starts the count anew.
    """

    attempts: int = 10
    first_delay_s: float = 0.2
    longest_delay_s: float = 5.0


class Failures:
    """Failures in a row of one transfer, held against a ``Retry``."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._count = 0

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
        self._count += 1
        if not isinstance(error, TRANSIENT) or self._count >= self._retry.attempts:
            raise error
        exponential_s = self._retry.first_delay_s * 2.0 ** (self._count - 1)
        return min(max(exponential_s, error.retry_after_s or 0.0), self._retry.longest_delay_s)
