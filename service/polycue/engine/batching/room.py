"""How many rows a device's memory holds, found out by failing."""

_PATIENCE = 256  # full batches that went well, before one more row is tried


class Room:
    """The rows a batch may have on one device, for all its workers. Not for several threads.

    Other programs on a GPU come and go, so what failed is tried again, a row at a time, and each
    time that this fails again twice as late.
    """

    def __init__(self, max_rows: int) -> None:
        self._max_rows = self.rows = max_rows
        self._patience = self._left = _PATIENCE

    def __repr__(self) -> str:
        return f"Room({self.rows} of {self._max_rows} rows)"

    def failed(self, rows: int) -> None:
        """The memory did not hold a batch of so many rows."""
        if rows <= self.rows < self._max_rows:  # not one that was begun before the last halving
            self._patience *= 2
        self.rows = min(self.rows, max(1, rows // 2))
        self._left = self._patience

    def went_well(self, rows: int) -> None:
        if rows < self.rows or self.rows == self._max_rows:
            return
        self._left -= 1
        if not self._left:
            self.rows += 1
            self._left = self._patience
