"""Keeps the leases of the jobs at work here, and learns what others did to those jobs."""

import threading
import time

from polycue import metrics, telemetry
from polycue.domain.errors import LeaseLost, StoreError
from polycue.jobs.at_work import AtWork
from polycue.jobs.job import WAITING, JobState
from polycue.jobs.live import LiveJob
from polycue.jobs.store.protocol import JobStore

_BEATS_PER_LEASE = 3
_UNENDED = tuple(state for state in JobState if not state.ended)

log = telemetry.logger(__name__)


class Heartbeat:
    """One thread for all jobs; work that blocks, on a GPU for one, does not hold it up.

    A lease is renewed three times within ``lease_s``. Where other servers share the store, cancels
    and deletions that were asked of those are looked for each ``poll_s``.
    """

    def __init__(self, at_work: AtWork, store: JobStore, *, lease_s: float, poll_s: float) -> None:
        self._at_work, self._store = at_work, store
        self._beat_s = lease_s / _BEATS_PER_LEASE
        self._every_s = min(poll_s, self._beat_s) if store.shared else self._beat_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polycue-heartbeat", daemon=True)
        self._beaten_s = time.monotonic()

    def __repr__(self) -> str:
        return f"Heartbeat(each {self._beat_s:g} s)"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def catch_up(self) -> None:
        """Beat if that is overdue, as it is when this process stood still for a while.

        To be called before anything is claimed: what we hold ourselves is not there to be taken.
        """
        if time.monotonic() - self._beaten_s > 2 * self._beat_s:
            self.beat()

    def beat(self) -> None:
        """Renew all leases, store how far the stages came, and learn what others did."""
        self._beaten_s = time.monotonic()
        for live in self._at_work.lives():
            self._renew(live)

    def look(self) -> None:
        """Learn what others did, and let them know of new cues."""
        held = self._store.held(self._at_work.owner)
        for live in self._at_work.lives():
            now = held.get(live.lease.job_id)
            if now is None or now.epoch != live.lease.epoch:
                self._renew(live)  # which knows for certain
                continue
            if now.cancel_asked:
                self._at_work.asked_to_stop(live)
            self._tell(live)

    def _tell(self, live: LiveJob) -> None:
        try:
            self._at_work.tell_others(live)
        except LeaseLost:
            self._at_work.lose(live)

    def _renew(self, live: LiveJob) -> None:
        with live.order:
            if not self._at_work.holds(live):
                return
            try:
                self._store.change(live.lease, live.with_progress)
                if self._store.beat(live.lease):
                    self._at_work.asked_to_stop(live)
            except LeaseLost:
                self._at_work.lose(live)

    def _count(self) -> None:
        counts = self._store.counts()
        for state in JobState:
            metrics.JOBS.labels(state=state.value).set(counts.get(state, 0))
        backlog = self._store.backlog()
        for state in _UNENDED:
            audio_ms = backlog[state].audio_ms if state in backlog else 0
            metrics.JOB_AUDIO.labels(state=state.value).set(audio_ms / 1000)
        waiting = (backlog[state].oldest_ms for state in WAITING if state in backlog)
        metrics.JOB_OLDEST_WAIT.set(max(waiting, default=0) / 1000)

    def _run(self) -> None:
        while not self._stopped.wait(self._every_s):
            try:
                if time.monotonic() - self._beaten_s >= self._beat_s:
                    self.beat()
                    self._at_work.sweep()
                    self._count()
                if self._store.shared:
                    self.look()
            except StoreError:
                # The next beat may get through; a lease that ran out lives on if nobody took it.
                log.warning("the leases cannot be renewed now", exc_info=True)
            except Exception:
                log.exception("a beat stumbled")
