"""Devices that are had while there is work for them, between so many and so many."""

import math
import threading
import time
from collections.abc import Callable

from polycue import telemetry
from polycue.domain.errors import PolycueError
from polycue.engine.backends.supervised.crew import Crew
from polycue.engine.backends.supervised.fleet import Fleet
from polycue.engine.backends.supervised.several_texts import SeveralTexts
from polycue.engine.backends.supervised.size import Size
from polycue.engine.backends.supervised.supervisor import Supervisor

_LOOK_S = 1.0
_RETRY_S = 10.0  # after one that could not be had; it waited for its place before that
_LEFT_S = 10.0  # for those that go to be gone at the end: with their devices closed, at once
_GIVE_UP_S = 60.0  # on one that is out of order while others work: its number may be had elsewhere

log = telemetry.logger(__name__)


class Elastic:
    """Watches what waits for the recognisers and translators of a crew, and has it fit.

    Each device is joined, and let go, in a thread of its own: one that finds no place, or still has
    work, holds up nobody.
    ``make`` makes the supervisor of a device by its number, the least that is free. ``close`` must
    be called.
    """

    def __init__(
        self,
        fleet: Fleet,
        crew: Crew,
        texts: SeveralTexts,
        size: Size,
        make: Callable[[int], Supervisor],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet, self._crew, self._texts = fleet, crew, texts
        self._size, self._make, self._clock = size, make, clock
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._numbers = dict(zip(fleet.supervisors, range(len(fleet.supervisors)), strict=True))
        self._coming: dict[Supervisor, int] = {}
        self._going: dict[Supervisor, int] = {}
        self._down_s: dict[Supervisor, float] = {}
        self._not_before_s = 0.0
        self._closed = threading.Event()

    def __repr__(self) -> str:
        return f"Elastic({self._size}, {len(self._numbers)} there, {len(self._coming)} coming)"

    def start(self) -> None:
        threading.Thread(target=self._watch, name="elastic", daemon=True).start()

    def close(self) -> None:
        """Have no more of them; those there are stay, and those that go are gone."""
        self._closed.set()
        with self._lock:
            moving = [*self._coming, *self._going]
        for supervisor in moving:
            supervisor.close()
        with self._settled:
            self._settled.wait_for(lambda: not self._going, _LEFT_S)

    def settle(self, timeout_s: float) -> bool:
        """Wait until none is on its way, here or away, and say whether that is so."""
        with self._settled:
            return self._settled.wait_for(lambda: not self._coming and not self._going, timeout_s)

    def look(self) -> None:
        """See how many there should be, and begin to have it so."""
        now_s = self._clock()
        self._let_lost_go(now_s)
        size = self._size.of(self.wanted(), now_s)
        with self._lock:  # one that has just come is counted once
            there, coming = len(self._numbers), len(self._coming)
        if there > size and not coming:
            for supervisor in list(self._numbers)[size - there :]:  # who came last goes first
                self._release(supervisor, "idle")
        elif now_s >= self._not_before_s and self._fleet.up:
            for _ in range(size - there - coming):
                self._have_one()

    def wanted(self) -> int:
        """How many would be busy with all that there is to do."""
        each = self._crew.rows_each()
        rows = sum(sum(q.waiting.values()) for q in self._crew.queues())
        batches = sum(q.running for q in self._crew.queues())
        busy = min(batches, len(self._numbers))
        by_rows = busy + math.ceil(rows / each) if each else 0
        by_texts = len(self._numbers) + 1 if self._texts.busy >= self._texts.workers else 0
        return max(by_rows, by_texts)

    def _have_one(self) -> None:
        with self._lock:
            taken = {*self._numbers.values(), *self._coming.values(), *self._going.values()}
            number = next(n for n in range(len(taken) + 1) if n not in taken)
            supervisor = self._make(number)
            self._coming[supervisor] = number
        threading.Thread(
            target=self._join, args=(supervisor,), name=f"joining-{number}", daemon=True
        ).start()

    def _join(self, supervisor: Supervisor) -> None:
        joined = False
        try:
            self._crew.join(supervisor)
            joined = True
            log.info("one more engine", device=supervisor.device.label)
        except PolycueError as error:
            self._not_before_s = self._clock() + _RETRY_S
            if not self._closed.is_set():
                log.warning("no further engine can be had now", problem=str(error))
        except Exception:
            self._not_before_s = self._clock() + _RETRY_S
            log.exception("an engine could not be joined")
        finally:
            with self._lock:
                number = self._coming.pop(supervisor)
                if joined:
                    self._numbers[supervisor] = number
                self._settled.notify_all()
            if not joined:
                supervisor.close()

    def _let_lost_go(self, now_s: float) -> None:
        """One that does not come back is not waited for while others do the work."""
        for supervisor in list(self._numbers):
            if supervisor.up or not self._fleet.up:
                self._down_s.pop(supervisor, None)
            elif now_s - self._down_s.setdefault(supervisor, now_s) >= _GIVE_UP_S:
                self._release(supervisor, "lost")

    def _release(self, supervisor: Supervisor, why: str) -> None:
        with self._lock:
            self._going[supervisor] = number = self._numbers.pop(supervisor)
        self._down_s.pop(supervisor, None)
        log.info("one engine less", device=supervisor.device.label, why=why)
        threading.Thread(
            target=self._leave, args=(supervisor,), name=f"leaving-{number}", daemon=True
        ).start()

    def _leave(self, supervisor: Supervisor) -> None:
        try:
            self._crew.leave(supervisor)
        except Exception:
            log.exception("an engine could not be let go")
        finally:
            with self._lock:
                del self._going[supervisor]
                self._settled.notify_all()

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_S):
            try:
                self.look()
            except Exception:  # whatever it is, there is to be looked again
                log.exception("the number of engines stays as it is")
