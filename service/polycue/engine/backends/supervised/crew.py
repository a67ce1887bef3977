"""The recognisers of a fleet, each on every device of it, also on those that join later."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from polycue.domain.errors import Draining
from polycue.engine.backends.backend import Backend, Staff
from polycue.engine.backends.supervised.fleet import Fleet
from polycue.engine.backends.supervised.recogniser import SupervisedBackend
from polycue.engine.backends.supervised.relief import Relieved, Replaceable
from polycue.engine.backends.supervised.several_texts import SeveralTexts
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.texts import SupervisedTexts
from polycue.engine.backends.supervised.work import Load, Loaded, ModelSpec
from polycue.engine.batch_done import Queued


@dataclass(eq=False)
class _Opened:
    """A recogniser on all devices; ``staff`` puts its rows into batches, once that is known."""

    path: Path
    name: str
    any_loaded: Loaded  # of whichever device: for one that is out of order for now
    parts: dict[Supervisor, SupervisedBackend] = field(default_factory=dict)
    relieved: dict[Supervisor, Backend] = field(default_factory=dict)
    staff: Staff | None = None

    def load_on(self, supervisor: Supervisor) -> Load:
        return Load(ModelSpec(self.path, self.name, supervisor.device))

    def others(self, own: Supervisor) -> Sequence[Replaceable]:
        """Those after it first, so that the work of one is not all for the first of them."""
        parts = self.parts.copy()  # in one step, whoever comes and goes meanwhile
        members = list(parts)
        at = members.index(own) if own in members else 0
        return [parts[m] for m in (*members[at:], *members[:at]) if m is not own]


class Crew:
    """Who opens recognisers, and keeps each where it should be. Safe to use from any thread."""

    def __init__(self, fleet: Fleet, texts: SeveralTexts, text_compute_type: str) -> None:
        self._fleet, self._texts, self._text_compute_type = fleet, texts, text_compute_type
        self._changing = threading.RLock()  # of what is open, and of who is there
        self._opened: list[_Opened] = []
        for supervisor in fleet.supervisors:
            self._add_texts(supervisor)

    def __repr__(self) -> str:
        return f"Crew({self._fleet!r}, {len(self._opened)} recognisers)"

    def open(self, path: Path, name: str) -> Sequence[Backend]:
        """Load a recogniser on each device; ``staffed`` says who works with it.

        Raises:
            ModelError, DeviceUnavailable: it cannot be loaded on any.
        """
        with self._changing:
            self._opened = self._all_open()
            loaded = self._fleet.load(partial(_load, path, name))
            opened = _Opened(path, name, next(iter(loaded.values())))
            for supervisor in self._fleet.supervisors:
                self._put(opened, supervisor, loaded.get(supervisor, opened.any_loaded))
            self._opened.append(opened)
            return tuple(opened.relieved.values())

    def staffed(self, backends: Sequence[Backend], staff: Staff) -> None:
        """Rows for these backends, which ``open`` gave, come from ``staff``; so for later ones."""
        with self._changing:
            for opened in self._opened:
                if any(backend in opened.relieved.values() for backend in backends):
                    opened.staff = staff
                    for backend in opened.relieved.values():
                        if backend not in backends:  # it joined meanwhile
                            _take_in(staff, backend)

    def queues(self) -> list[Queued]:
        """What waits for each recogniser that somebody works with."""
        return [opened.staff.queue for opened in self._all_open() if opened.staff]

    def rows_each(self) -> int:
        """How many rows one device has at work at most; 0 where nothing is open."""
        loaded = [opened.any_loaded for opened in self._all_open()]
        return max((one.workers * one.max_rows for one in loaded), default=0)

    def join(self, supervisor: Supervisor) -> None:
        """Have a device work with all others: it starts, loads what is open, and gets rows.

        Raises:
            ModelError, DeviceUnavailable, Draining: it cannot; it is left as it is.
        """
        supervisor.restore()
        loaded = dict[_Opened, Loaded]()
        while not self._joined(supervisor, loaded):
            self._load_rest(supervisor, loaded)

    def _load_rest(self, supervisor: Supervisor, loaded: dict[_Opened, Loaded]) -> None:
        """Have ``loaded`` what is open now; it holds up nobody, and more may be open after it."""
        opened = self._all_open()
        for closed in loaded.keys() - set(opened):
            del loaded[closed]
            if closed.load_on(supervisor) not in [one.load_on(supervisor) for one in loaded]:
                supervisor.forget(closed.load_on(supervisor))
        for one in opened:
            if one not in loaded:
                loaded[one] = supervisor.load(one.load_on(supervisor))

    def _joined(self, supervisor: Supervisor, loaded: Mapping[_Opened, Loaded]) -> bool:
        """Have it work with all others, where it has ``loaded`` all that is open and no more."""
        with self._changing:
            self._opened = self._all_open()
            if loaded.keys() != set(self._opened):
                return False
            for opened, found in loaded.items():
                self._put(opened, supervisor, found)
            self._fleet.add(supervisor)
            self._add_texts(supervisor)
            for opened in self._opened:
                if opened.staff:
                    _take_in(opened.staff, opened.relieved[supervisor])
            return True

    def leave(self, supervisor: Supervisor) -> None:
        """Let a device go: it ends its batches, and nothing is left of it. Blocks until then."""
        with self._changing:
            self._opened = self._all_open()
            self._fleet.remove(supervisor)
            leaving = [
                (opened.staff, opened.relieved.pop(supervisor, None)) for opened in self._opened
            ]
            for opened in self._opened:
                opened.parts.pop(supervisor, None)
        for staff, backend in leaving:
            if staff and backend:
                staff.let_go(backend)
        self._texts.remove(supervisor)
        supervisor.close()

    def _put(self, opened: _Opened, supervisor: Supervisor, loaded: Loaded) -> None:
        part = SupervisedBackend(supervisor, opened.load_on(supervisor), loaded)
        opened.parts[supervisor] = part
        opened.relieved[supervisor] = Relieved(
            part,
            lambda: opened.others(supervisor),
            mend=partial(self._fleet.mend, supervisor),
        )

    def _add_texts(self, supervisor: Supervisor) -> None:
        self._texts.add(supervisor, SupervisedTexts(supervisor, self._text_compute_type))

    def _all_open(self) -> list[_Opened]:
        """But for those that were given up; behind nobody who loads."""
        return [one for one in self._opened if not (one.staff and one.staff.closed)]


def _load(path: Path, name: str, supervisor: Supervisor) -> Load:
    return Load(ModelSpec(path, name, supervisor.device))


def _take_in(staff: Staff, backend: Backend) -> None:
    try:
        staff.take_in(backend)
    except Draining:  # its model was given up while it came
        backend.close()
