"""Worker threads that take jobs and see each to its end."""

import math
import threading
import time

from polycue import telemetry
from polycue.domain.errors import LeaseLost, StoreError
from polycue.jobs.at_work import AtWork
from polycue.jobs.attempt import Attempt, End, Workshop
from polycue.jobs.heartbeat import Heartbeat
from polycue.jobs.job import Job
from polycue.jobs.live import LiveJob

_STORE_RETRY_S = 5.0

log = telemetry.logger(__name__)


class Runner:
    """Works on up to ``workers`` jobs at once, and looks for more at least each ``poll_s``."""

    def __init__(
        self,
        at_work: AtWork,
        heartbeat: Heartbeat,
        shop: Workshop,
        *,
        workers: int,
        poll_s: float,
    ) -> None:
        self._at_work, self._heartbeat = at_work, heartbeat
        self._shop, self._poll_s = shop, poll_s
        self._stopped = threading.Event()
        self._left = threading.Condition()
        self._working, self._until_s = 0, math.inf
        self._threads = [
            threading.Thread(target=self._work, name=f"polycue-job-{number}", daemon=True)
            for number in range(workers)
        ]

    def __repr__(self) -> str:
        return f"Runner({len(self._threads)} workers, {self._at_work!r})"

    def start(self) -> None:
        self._heartbeat.start()
        self._working = len(self._threads)
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_s: float) -> None:
        """Begin nothing new and let go of what runs: what was finished of it is kept. Blocks.

        Work that has not stopped after ``within_s`` is left to itself; nothing comes of it.
        """
        self._at_work.stop_claims()
        self._at_work.interrupt()
        self.hurry(within_s=within_s)
        with self._left:
            while self._working and (left_s := self._until_s - time.monotonic()) > 0:
                self._left.wait(left_s)
        self._stopped.set()
        self._at_work.abandon()
        self._heartbeat.stop()

    def hurry(self, *, within_s: float) -> None:
        """Let ``stop`` come back within that time; it may be shortened, not prolonged."""
        with self._left:
            self._until_s = min(self._until_s, time.monotonic() + within_s)
            self._left.notify_all()

    def _work(self) -> None:
        try:
            self._take_jobs()
        finally:
            with self._left:
                self._working -= 1
                self._left.notify_all()

    def _take_jobs(self) -> None:
        while not self._at_work.stopping:
            calls = self._at_work.calls
            try:
                self._heartbeat.catch_up()
                claimed = self._at_work.claim()
                if claimed is None:
                    self._at_work.wait(calls, self._poll_s)
                    continue
                job = claimed[0]
                with telemetry.bound(job=job.id, request_id=job.asked.request_id):
                    self._see_to(*claimed)
            except StoreError as error:
                log.warning("no job can be taken now", problem=str(error))
                self._stopped.wait(_STORE_RETRY_S)
            except Exception:
                # Whatever it was: a worker that died would leave the queue standing for good.
                log.exception("a worker stumbled")
                self._stopped.wait(_STORE_RETRY_S)

    def _see_to(self, job: Job, live: LiveJob) -> None:
        log.info("job begins", attempt=live.lease.epoch)
        attempt = Attempt(job, live, self._shop)
        try:
            settled = self._settle(attempt.work())
        except LeaseLost:
            if not self._stopped.is_set():  # then the store may be closed by now
                attempt.drop()
            return
        if settled and settled.ended:
            attempt.tidy(settled)

    def _settle(self, end: End) -> Job | None:
        """Store how work ended: the one write that must not be lost, so wait for the disk.

        A server that stops first leaves the job to whoever finds its lease run out.
        """
        while True:
            try:
                return end()
            except StoreError:
                log.exception("a job's end cannot be stored")
                if self._stopped.wait(_STORE_RETRY_S):
                    return None
