"""One device's part of a recogniser, which others do while that device is out of order."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from polycue.domain.chunk import ModelFacts, Recognised
from polycue.domain.errors import DeviceUnavailable, OutOfMemory
from polycue.engine.backends.backend import Backend
from polycue.speech.passage import Passage

T = TypeVar("T")


class Replaceable(Backend, Protocol):
    """A backend on a device that may be out of order while others are not."""

    @property
    def up(self) -> bool:
        """Whether its device can be used now."""
        ...


class Relieved:
    """A ``Backend``, one for each device.

    Work comes to every device's own workers as before; while it is out of order they have it done
    by another that is up. Where none is they try to bring back their own and then the others, and
    their own says what is wrong.

    What another does stays this device's by its name: the batcher counts it for the device whose
    worker took the batch. How large batches may be is each device's own matter, so one that another
    has no room for is split here and teaches the batcher nothing of this one.
    """

    def __init__(
        self,
        own: Replaceable,
        others: Callable[[], Sequence[Replaceable]],
        *,
        mend: Callable[[], None],
    ) -> None:
        """``others`` are those of now; there may be none.

        ``mend`` is called wherever ``own`` was found out of order, and returns at once.
        """
        self._own, self._others, self._mend = own, others, mend

    def __repr__(self) -> str:
        return f"Relieved({self._own!r})"

    @property
    def facts(self) -> ModelFacts:
        return self._own.facts

    @property
    def device(self) -> str:
        return self._own.device

    @property
    def workers(self) -> int:
        return self._own.workers

    @property
    def max_rows(self) -> int:
        return self._own.max_rows

    def run(self, batch: Sequence[Passage]) -> list[Recognised]:
        return self._by_one_that_is_up(lambda backend: self._run_on(backend, batch))

    def run_alone(self, passage: Passage) -> Recognised:
        return self._by_one_that_is_up(lambda backend: backend.run_alone(passage))

    def close(self) -> None:
        self._own.close()

    def _run_on(self, backend: Backend, batch: Sequence[Passage]) -> list[Recognised]:
        try:
            return backend.run(batch)
        except OutOfMemory:
            if backend is self._own or len(batch) == 1:
                raise
        half = len(batch) // 2
        return [
            *self._run_on(backend, batch[:half]),
            *self._run_on(backend, batch[half:]),
        ]

    def _by_one_that_is_up(self, do: Callable[[Backend], T]) -> T:
        others = self._others()
        for backend in (self._own, *others):
            if backend.up:
                try:
                    return do(backend)
                except DeviceUnavailable:  # since then
                    continue
            elif backend is self._own and any(other.up for other in others):
                self._mend()
        return self._by_one_that_comes_back(do)

    def _by_one_that_comes_back(self, do: Callable[[Backend], T]) -> T:
        try:
            return do(self._own)
        except DeviceUnavailable:
            for backend in self._others():
                with suppress(DeviceUnavailable):
                    return do(backend)
            raise
