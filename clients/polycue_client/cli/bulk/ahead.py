"""How many jobs are kept waiting at the server, so that it never runs dry."""

from polycue.api.v1 import catalog_pb2

_FIRST = 8
_MOST_SENT, _MOST_NAMED = 64, 256
"""What the server reads by itself costs it nothing while it waits; what is sent takes its disk."""


class Ahead:
    """As many as are at work, and twice as many as before whenever a look found none waiting.

    So it is enough for any number of machines, of which a client knows nothing.

    Never more than half of what may wait there, or others could queue nothing. ``at_once`` bounds
    those that wait and run together; None means no bound of ours.
    """

    def __init__(
        self, limits: catalog_pb2.ServerLimits, *, sent: bool, at_once: int | None
    ) -> None:
        most = _MOST_SENT if sent else _MOST_NAMED
        if limits.max_queued_jobs:
            most = min(most, max(1, limits.max_queued_jobs // 2))
        bounds = [bound for bound in (at_once, limits.max_tenant_jobs) if bound]
        self._most, self._at_once = most, min(bounds, default=None)
        self._waiting = min(_FIRST, most)

    def __repr__(self) -> str:
        return f"Ahead({self._waiting} waiting, {self._at_once or 'any number'} at once)"

    def room(self, *, waiting: int, running: int) -> int:
        """How many more may be queued; ``waiting`` are also those that are on their way there."""
        room = max(self._waiting, min(running, self._most)) - waiting
        if self._at_once is not None:
            room = min(room, self._at_once - waiting - running)
        return max(0, room)

    def ran_dry(self) -> None:
        """None of ours waited, though there are more to queue."""
        self._waiting = min(2 * self._waiting, self._most)
