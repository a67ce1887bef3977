"""Checkpoints that a test holds in its hand."""

from collections import defaultdict
from collections.abc import Mapping

from polycue.domain.cancel import CancelToken


class KeptInMemory:
    """Outlives the runs that save into it, as the job store does.

    ``saves`` counts what was stored. Once ``cancel`` is given, it is set as soon as
    ``cancel_after`` more pieces are stored: a job that is interrupted at just that point.
    """

    def __init__(self) -> None:
        self.plan_hash = ""
        self.saves = 0
        self._pieces: dict[str, dict[int, bytes]] = defaultdict(dict)
        self._cancel, self._cancel_after = CancelToken(), 0

    def __repr__(self) -> str:
        stages = ", ".join(f"{stage}: {len(p)}" for stage, p in self._pieces.items())
        return f"KeptInMemory({stages})"

    @property
    def size_bytes(self) -> int:
        return sum(len(data) for pieces in self._pieces.values() for data in pieces.values())

    def interrupt(self, cancel: CancelToken, *, after: int) -> None:
        """Set ``cancel`` once so many more pieces are stored."""
        self._cancel, self._cancel_after = cancel, self.saves + after

    def begin(self, plan_hash: str) -> None:
        if plan_hash != self.plan_hash:
            self._pieces.clear()
        self.plan_hash = plan_hash

    def load(self, stage: str) -> Mapping[int, bytes]:
        return dict(self._pieces[stage])

    def save(self, stage: str, index: int, data: bytes) -> None:
        if index in self._pieces[stage]:
            return
        self._pieces[stage][index] = data
        self.saves += 1
        if self.saves == self._cancel_after:
            self._cancel.cancel()
