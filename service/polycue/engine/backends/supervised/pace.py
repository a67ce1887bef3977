"""How long work in a child may take before it counts as hung."""

import threading

_WEIGHT = 0.2  # of the newest, in what a device is believed to need


class Pace:
    """Learns how long each kind of work takes on this device.

    Amounts are in seconds that the work would take on a slow device: what is believed of a kind
    that was never seen. A deadline is ``factor`` times what is expected, at least ``least_s``. Safe
    to use from any thread.
    """

    def __init__(self, *, factor: float, least_s: float) -> None:
        self._factor, self._least_s = factor, least_s
        self._lock = threading.Lock()
        self._rates: dict[str, float] = {}

    def deadline_s(self, kind: str, amount: float) -> float:
        with self._lock:
            expected_s = amount * self._rates.get(kind, 1.0)
        return max(self._least_s, self._factor * expected_s)

    def took(self, kind: str, amount: float, seconds: float) -> None:
        """Take in how long a piece of work took that ended well."""
        if amount <= 0:
            return
        with self._lock:
            seen = seconds / amount
            before = self._rates.get(kind, seen)
            self._rates[kind] = before + _WEIGHT * (seen - before)
