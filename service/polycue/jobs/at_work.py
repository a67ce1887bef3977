"""The jobs this server works on: claimed, changed under their leases, ended or let go."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from polycue import metrics, telemetry
from polycue.domain.errors import LeaseLost, StoreError
from polycue.domain.progress import CuesReady
from polycue.jobs.bells import Bells
from polycue.jobs.clock import Clock
from polycue.jobs.ends import tell_of_end
from polycue.jobs.feed import ArtifactReady, JobChanged, RecentFeeds, first_number
from polycue.jobs.job import Artifact, Failure, Job, JobState, move
from polycue.jobs.live import LiveJob, Why
from polycue.jobs.store.protocol import JobStore, unchanged
from polycue.jobs.told import pack

log = telemetry.logger(__name__)


class AtWork:
    """Safe to use from several threads; blocks for as long as a durable write takes.

    ``owner`` names this server among those on the same store. ``calls`` counts what may have made
    a job claimable; ``stopping`` is set once nothing is to be claimed any more.
    """

    def __init__(
        self,
        store: JobStore,
        bells: Bells,
        *,
        owner: str,
        clock: Clock,
        lease_ms: int,
        max_attempts: int,
        poisoned: Callable[[Job], Failure],
    ) -> None:
        self._store, self._bells, self._clock = store, bells, clock
        self.owner, self._lease_ms, self._max_attempts = owner, lease_ms, max_attempts
        self._poisoned = poisoned
        self._claiming, self._lock = threading.Lock(), threading.Lock()
        self._live: dict[str, LiveJob] = {}
        self.recent = RecentFeeds()
        metrics.JOBS_AT_WORK.set_function(lambda: len(self._live))
        self._news = threading.Condition()
        self.calls, self.stopping = 0, False

    def __repr__(self) -> str:
        return f"AtWork({len(self._live)} jobs{', stopping' if self.stopping else ''})"

    # --- what others ask --------------------------------------------------------------------

    def lives(self) -> list[LiveJob]:
        with self._lock:
            return list(self._live.values())

    def holds(self, live: LiveJob) -> bool:
        return self.live(live.lease.job_id) is live

    def live(self, job_id: str) -> LiveJob | None:
        with self._lock:
            return self._live.get(job_id)

    def taken(self, job_id: str) -> LiveJob | None:
        """As ``live``, and also one that was claimed this instant."""
        with self._claiming:
            return self.live(job_id)

    def as_of_now(self, job: Job) -> Job:
        """The job with the progress that is newer than the store's."""
        live = self.live(job.id)
        if live and live.lease.epoch == job.epoch:
            return live.with_progress(job)
        return job

    def wake(self) -> None:
        """Have idle workers look for a job at once."""
        with self._news:
            self.calls += 1
            self._news.notify_all()

    def recover(self) -> None:
        """Let go of what an earlier life of this server held; before anything is claimed."""
        self._store.release_all_of(self.owner)
        self.sweep()

    # --- claiming ---------------------------------------------------------------------------

    def claim(self) -> tuple[Job, LiveJob] | None:
        """Take a job that can be worked on; None where there is none."""
        with self._claiming:
            taken = self._store.claim(
                self.owner, lease_ms=self._lease_ms, max_attempts=self._max_attempts
            )
            if taken is None:
                return None
            job, lease = taken
            metrics.JOB_WAIT.observe(lease.waited_ms / 1000)
            live = LiveJob(lease, partial(self._bells.ring, job.id))
            self._begin(job, live)
            return job, live

    def wait(self, calls: int, within_s: float) -> None:
        """Come back when there may be a job to claim, if ``calls`` were all when it was tried."""
        with self._news:
            self._news.wait_for(lambda: self.stopping or calls != self.calls, within_s)

    def _begin(self, job: Job, live: LiveJob) -> None:
        with self._lock:
            earlier = self._live.get(job.id)
            self._live[job.id] = live
        if earlier:
            self.let_fall(earlier)
        live.feed.append(JobChanged(job))
        if self.stopping:  # since it was looked for; ``interrupt`` may not have seen it
            live.stop(Why.DRAINED)

    def sweep(self) -> None:
        """End what nobody goes on with: a job that was taken too often, for one."""
        for job in self._store.sweep(max_attempts=self._max_attempts, poisoned=self._poisoned):
            tell_of_end(job, self._clock())
            self._bells.ring(job.id)

    def asked_to_stop(self, live: LiveJob) -> None:
        """Stop work that its owner does not want any more; once more does nothing."""
        with live.order:
            if live.why is Why.CANCELLED or not self.holds(live):
                return
            try:
                job = self._store.change(live.lease, unchanged)
            except LeaseLost:
                self.lose(live)
                return
            live.feed.append(JobChanged(live.with_progress(job)))
            live.stop(Why.CANCELLED)

    def lose(self, live: LiveJob) -> None:
        """Drop work that is no longer ours; what it has not stored is not stored any more."""
        if self.let_fall(live):
            metrics.LEASES_LOST.inc()
            log.warning("a lease was lost", job=live.lease.job_id, epoch=live.lease.epoch)

    def let_fall(self, live: LiveJob) -> bool:
        """Drop work that nobody wants or another has; whether it was still held."""
        live.stop(Why.LOST)
        with self._lock:
            held = self._live.get(live.lease.job_id) is live
            if held:
                del self._live[live.lease.job_id]
        live.feed.close()
        return held

    # --- changes under a lease; all raise LeaseLost -----------------------------------------

    def tell_cues(self, live: LiveJob, cues: CuesReady) -> None:
        """Tell those who follow the job here; those elsewhere hear of it with ``tell_others``."""
        number = live.feed.append(cues)
        if self._store.shared:
            live.untold.append((number, cues))

    def tell_others(self, live: LiveJob) -> None:
        with live.order:
            count = len(live.untold)
            if not count:
                return
            last, _ = live.untold[count - 1]
            since = first_number(live.lease.epoch)
            self._store.tell(live.lease, last, pack(live.untold[:count]), since=since)
            del live.untold[:count]

    def change(self, live: LiveJob, change: Callable[[Job], Job]) -> Job:
        """Change a job durably and tell its watchers."""
        with live.order:
            job = live.with_progress(self._store.change(live.lease, change))
            live.feed.append(JobChanged(job))
            return job

    def keep_progress(self, live: LiveJob) -> None:
        """Store how far a job has come, which its watchers know."""
        with live.order:
            self._store.change(live.lease, live.with_progress)

    def add_artifact(self, live: LiveJob, artifact: Artifact) -> None:
        """Tell of a result; one of the same name, of an earlier attempt, is replaced."""

        def added(job: Job) -> Job:
            others = (other for other in job.artifacts if other.id != artifact.id)
            return replace(job, artifacts=(*others, artifact))

        with live.order:
            self._store.change(live.lease, added)
            live.feed.append(ArtifactReady(artifact))

    def end(
        self,
        live: LiveJob,
        state: JobState,
        *,
        failure: Failure | None = None,
        adding: Callable[[Job], Job] = unchanged,
    ) -> Job:
        """Move a job to one of its ends, with what ``adding`` puts into it."""
        now_ms = self._clock()

        def ended(job: Job) -> Job:
            return move(live.with_progress(adding(job)), state, now_ms=now_ms, failure=failure)

        with live.order:
            self.tell_others(live)
            return self._over(live, self._store.end(live.lease, ended))

    def release(
        self,
        live: LiveJob,
        *,
        failure: Failure | None = None,
        after_ms: int = 0,
        counts: bool = True,
    ) -> Job:
        """Let a job go, for whoever claims it after ``after_ms``; it keeps what it finished.

        Where it does not ``counts``, it was no attempt.
        """

        def let_go(job: Job) -> Job:
            attempts = job.attempts if counts else max(0, job.attempts - 1)
            return replace(live.with_progress(job), failure=failure, attempts=attempts)

        with live.order:
            self.tell_others(live)
            released = self._store.release(live.lease, let_go, after_ms=after_ms)
            job = self._over(live, released)
        self.wake()
        return job

    def _over(self, live: LiveJob, job: Job) -> Job:
        live.feed.append(JobChanged(job))
        self.recent.keep(job.id, live.feed)  # first: whoever comes meanwhile finds it in one place
        with self._lock:
            if self._live.get(job.id) is live:
                del self._live[job.id]
        tell_of_end(job, self._clock())
        return job

    # --- the server's end -------------------------------------------------------------------

    def stop_claims(self) -> None:
        """Take no job any more; those that wait are for the next server."""
        with self._news:
            self.stopping = True
            self._news.notify_all()

    def interrupt(self) -> None:
        """Stop what runs at its next step; to be called after ``stop_claims``."""
        for live in self.lives():
            live.stop(Why.DRAINED)

    def abandon(self) -> None:
        """Let go of jobs whose threads do not; whatever those still do is not kept."""
        for live in self.lives():
            try:
                self.release(live)
            except (LeaseLost, StoreError):
                log.warning("a job could not be let go", job=live.lease.job_id, exc_info=True)
            self.let_fall(live)
