"""Models side by side in a budget of memory: loaded when needed, let go for others or when idle."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar, cast

from polycue import telemetry
from polycue.domain.errors import Draining, ModelTooLarge, NoRoomNow
from polycue.engine import counting

_RETRY_S = 30  # when to ask again for room that models in use take: a film does for minutes

log = telemetry.logger(__name__)


class Why(StrEnum):
    """A model leaves."""

    IDLE = "idle"
    ROOM = "room"  # which another one needs
    STOP = "stop"


class Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=Closable)


@dataclass(slots=True)
class _Entry:
    """A loaded model; ``users`` and ``used_s``, when the last one left, change under the lock."""

    item: Closable
    size_bytes: int
    users: int
    used_s: float


class Shelf:
    """What is loaded, by the model's folder: one model under several names is there once.

    Who uses a model pins it. What nobody uses stays until its room is needed, the one unused for
    longest going first, or until it was idle for ``idle_s``, where that is not 0. One model is
    loaded at a time, and nobody who uses a loaded one waits for it. Safe to use from any thread;
    ``close`` must be called.
    """

    def __init__(
        self,
        budget: int | Callable[[], int],
        *,
        idle_s: float = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``budget`` is in bytes, or tells what it is now: of devices that are yet to be seen."""
        self._budget = budget
        self._idle_s, self._clock = idle_s, clock
        self._loading = threading.Lock()  # taken before the other
        self._changed = threading.Condition()
        self._entries: dict[Path, _Entry] = {}
        self._closed = False
        if idle_s:
            threading.Thread(target=self._watch, name="idle-models", daemon=True).start()

    def __repr__(self) -> str:
        return f"Shelf({self.used_bytes} of {self.budget_bytes} bytes)"

    @property
    def budget_bytes(self) -> int:
        return self._budget if isinstance(self._budget, int) else self._budget()

    @property
    def loaded(self) -> tuple[Path, ...]:
        with self._changed:
            return tuple(self._entries)

    @property
    def items(self) -> list[Closable]:
        """The models themselves, for a look: they may be let go at any time."""
        with self._changed:
            return [entry.item for entry in self._entries.values()]

    @property
    def used_bytes(self) -> int:
        with self._changed:
            return self._used()

    @contextmanager
    def use(self, folder: Path, size: Callable[[], int], load: Callable[[], T]) -> Iterator[T]:
        """The model in a folder, kept at least as long as the block lasts.

        ``size`` says in bytes what it will take, and ``load`` loads it.

        Raises:
            ModelTooLarge: it is larger than the whole budget.
            NoRoomNow: models in use leave no room for it.
            Draining: the shelf is closed.
            Exception: what ``load`` raises; nothing is kept then.
        """
        entry = self._pinned(folder) or self._loaded(folder, size, load)
        try:
            yield cast(T, entry.item)  # who asks for a folder always loads the same of it
        finally:
            with self._changed:
                entry.users -= 1
                entry.used_s = self._clock()
                self._changed.notify_all()

    def sweep(self) -> None:
        """Let go what nobody has used for the idle time."""
        with self._loading:
            with self._changed:
                before_s = self._clock() - self._idle_s
                stale = self._taken(f for f, e in self._idle() if e.used_s <= before_s)
            _let_go(stale, Why.IDLE)

    def close(self) -> None:
        """Let all models go, whoever uses them; nothing is loaded any more."""
        with self._loading:
            with self._changed:
                self._closed = True
                entries, self._entries = self._entries, {}
                self._changed.notify_all()
            _let_go(entries, Why.STOP)

    def _pinned(self, folder: Path) -> _Entry | None:
        with self._changed:
            entry = self._entries.get(folder)
            if entry is not None:
                entry.users += 1
            return entry

    def _loaded(
        self, folder: Path, size: Callable[[], int], load: Callable[[], Closable]
    ) -> _Entry:
        with self._loading:
            if entry := self._pinned(folder):
                return entry
            if self._closed:
                raise Draining
            size_bytes = size()
            self._make_room(folder, size_bytes)
            with counting.loading(size_bytes):
                item = load()
            entry = _Entry(item, size_bytes, users=1, used_s=self._clock())
            with self._changed:
                self._entries[folder] = entry
            return entry

    def _make_room(self, folder: Path, size_bytes: int) -> None:
        if size_bytes > self.budget_bytes:
            raise ModelTooLarge(folder.name, size_bytes, self.budget_bytes)
        names: list[Path] = []
        with self._changed:
            lacking = self._used() + size_bytes - self.budget_bytes
            for name, entry in self._idle():
                if lacking <= 0:
                    break
                names.append(name)
                lacking -= entry.size_bytes
            if lacking > 0:
                never_beside = self._never_beside(size_bytes)
                raise NoRoomNow(folder.name, self.budget_bytes, never_beside, _RETRY_S)
            leaving = self._taken(names)
        _let_go(leaving, Why.ROOM)

    def _never_beside(self, size_bytes: int) -> list[str]:
        """What is in use and leaves no room for so much even where nothing else is there."""
        return [
            folder.name
            for folder, entry in self._entries.items()
            if entry.users and entry.size_bytes + size_bytes > self.budget_bytes
        ]

    def _taken(self, folders: Iterable[Path]) -> dict[Path, _Entry]:
        """Off the shelf, so that nobody takes them into use any more; under both locks."""
        return {folder: self._entries.pop(folder) for folder in list(folders)}

    def _used(self) -> int:
        return sum(entry.size_bytes for entry in self._entries.values())

    def _idle(self) -> list[tuple[Path, _Entry]]:
        """What nobody uses, the one unused for longest first."""
        idle = [(folder, entry) for folder, entry in self._entries.items() if not entry.users]
        return sorted(idle, key=lambda each: each[1].used_s)

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, self._until_next())
                if self._closed:
                    return
            try:
                self.sweep()
            except Exception:  # whatever it is, models go on being let go
                log.exception("idle models were not let go")

    def _until_next(self) -> float:
        """Seconds until something may be idle for long enough; nothing is before that."""
        used_s = [entry.used_s for _, entry in self._idle()]
        left_s = min(used_s) + self._idle_s - self._clock() if used_s else self._idle_s
        return max(left_s, 0.01)


def _let_go(entries: Mapping[Path, _Entry], why: Why) -> None:
    """Batches that were given up by their callers may still run: closing waits for those.

    One that does not close as it should is gone all the same, and so are the others.
    """
    for folder, entry in entries.items():
        try:
            entry.item.close()
        except Exception:
            log.exception("a model did not close", model=folder.name)
        counting.let_go(entry.size_bytes, why.value)
        log.info("a model was let go", model=folder.name, why=why.value)
