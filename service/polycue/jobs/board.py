"""All jobs of this server: what callers ask for, and what the runner takes and reports."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from polycue.domain.errors import JobNotEnded
from polycue.domain.limits import TenantLimits
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.clock import Clock
from polycue.jobs.feed import ArtifactReady, Feed, JobChanged
from polycue.jobs.job import Artifact, Failure, Job, JobState, move, new_id
from polycue.jobs.live import LiveJob
from polycue.jobs.store.protocol import JobFilter, JobStore

_LEASE_MS = 24 * 60 * 60 * 1000
_MAX_ATTEMPTS = 5
_FEEDS_KEPT = 8  # of jobs that ended, for watchers whose connection broke just then


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What a caller wants done; ``ttl_ms`` None means as long as the server keeps jobs."""

    spec: bytes
    inputs: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    fingerprint: str = ""
    ttl_ms: int | None = None


class Board:
    """Jobs in the store and what memory holds of those at work; safe to use from several threads.

    Blocks for as long as a durable write takes.
    """

    def __init__(
        self,
        store: JobStore,
        artifacts: Artifacts,
        *,
        clock: Clock,
        max_queued: int,
        max_ttl_ms: int,
        limits_of: Callable[[str], TenantLimits] = lambda _: TenantLimits(),
    ) -> None:
        """``recover`` must be called before anything else."""
        self._store, self._artifacts, self._clock = store, artifacts, clock
        self._max_queued, self._max_ttl_ms = max_queued, max_ttl_ms
        self._limits_of, self._owner = limits_of, new_id()
        # Held over a write and the event that tells of it, so that both have one order.
        self._changed = threading.Condition(threading.RLock())
        self._live: dict[str, LiveJob] = {}
        self._ended_feeds: OrderedDict[str, Feed] = OrderedDict()
        self._stopping = False

    def __repr__(self) -> str:
        return f"Board({len(self._live)} live{', stopping' if self._stopping else ''})"

    def recover(self) -> None:
        """Take up what an earlier server left."""
        self._store.release_all_of(self._owner)
        for job in self._store.unended():
            self._live[job.id] = live = LiveJob()
            live.feed.append(JobChanged(job))

    # --- what callers ask for ---------------------------------------------------------------

    def repeated(self, tenant: str, request_id: str, fingerprint: str) -> Job | None:
        """The job that an earlier request with this id made, as it is now.

        Raises:
            RequestIdReused: it asked for something else.
        """
        job = self._store.repeated(tenant, request_id, fingerprint) if request_id else None
        return job and self._as_of_now(job)

    def create(self, tenant: str, draft: JobDraft) -> Job:
        """Queue work, or return the job the same request made before.

        Raises:
            RequestIdReused: the request id was used with another payload.
            QueueFull: too many jobs wait.
            QuotaExceeded: the tenant has all it may have.
        """
        job = Job(
            id=new_id(),
            tenant=tenant,
            spec=draft.spec,
            created_ms=self._clock(),
            ttl_ms=min(draft.ttl_ms or self._max_ttl_ms, self._max_ttl_ms),
            labels=draft.labels,
            inputs=draft.inputs,
            request_id=draft.request_id,
            fingerprint=draft.fingerprint,
        )
        with self._changed:
            kept = self._store.create(
                job, max_queued=self._max_queued, limits=self._limits_of(tenant)
            )
            if kept.id == job.id:
                self._live[job.id] = live = LiveJob()
                live.feed.append(JobChanged(kept))
                self._changed.notify()
            return self._as_of_now(kept)

    def get(self, tenant: str, job_id: str) -> Job:
        """Raises NotFound where there is no such job."""
        return self._as_of_now(self._store.get(tenant, job_id))

    def page(self, tenant: str, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        """The newest ``limit`` jobs whose number is below ``before``, newest first."""
        jobs = self._store.page(tenant, wanted, before=before, limit=limit)
        return [self._as_of_now(job) for job in jobs]

    def follow(self, tenant: str, job_id: str) -> tuple[Job, int, Feed | None]:
        """A snapshot, the number of the last event in it, and the feed of what follows.

        No feed where the job ended a while ago.

        Raises:
            NotFound: there is no such job.
        """
        with self._changed:
            job = self.get(tenant, job_id)
            live = self._live.get(job_id)
            feed = live.feed if live else self._ended_feeds.get(job_id)
            return job, feed.last if feed else 0, feed

    def cancel(self, tenant: str, job_id: str) -> Job:
        """Ask a job to stop. One that ended stays as it is.

        Raises:
            NotFound: there is no such job.
        """
        with self._changed:
            job, live = self._store.ask_cancel(tenant, job_id), self._live.get(job_id)
            if live and not live.cancel.cancelled:
                live.feed.append(JobChanged(self._as_of_now(job)))
                if job.ended:
                    self._retire(job_id)
        if live:
            live.cancel.cancel()
        return self._as_of_now(job)

    def delete(self, tenant: str, job_id: str) -> None:
        """Remove an ended job: its files, then its row.

        Raises:
            NotFound: there is no such job.
            JobNotEnded: it waits or runs.
        """
        job = self._store.get(tenant, job_id)
        if not job.ended:
            raise JobNotEnded(job_id, job.state.value)
        self._artifacts.remove(job_id)
        self._store.delete(tenant, job_id)
        with self._changed:
            self._ended_feeds.pop(job_id, None)

    # --- what the runner does ---------------------------------------------------------------

    def claim(self) -> tuple[Job, LiveJob] | None:
        """Wait for a queued job and take it; None once the server stops."""
        with self._changed:
            while not self._stopping:
                claimed = self._store.claim(
                    self._owner, lease_ms=_LEASE_MS, max_attempts=_MAX_ATTEMPTS
                )
                if claimed is not None:
                    job, lease = claimed
                    live = self._live[job.id]
                    live.lease = lease
                    live.feed.append(JobChanged(job))
                    return job, live
                self._changed.wait()
        return None

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Change a job at work durably and tell its watchers.

        Raises:
            LeaseLost: it is ours no longer.
        """
        with self._changed:
            live = self._live[job_id]
            job = self._as_of_now(self._store.change(live.held, change))
            live.feed.append(JobChanged(job))
            return job

    def add_artifact(self, job_id: str, artifact: Artifact) -> None:
        with self._changed:
            live = self._live[job_id]
            self._store.change(live.held, partial(_with_artifact, artifact))
            live.feed.append(ArtifactReady(artifact))

    def end(
        self,
        job_id: str,
        state: JobState,
        *,
        failure: Failure | None = None,
        adding: Callable[[Job], Job] = lambda job: job,
    ) -> Job:
        """Move a job at work to one of its ends, with what ``adding`` puts into it."""
        with self._changed:
            now_ms, live = self._clock(), self._live[job_id]
            job = self._store.end(
                live.held,
                lambda job: replace(
                    move(adding(job), state, now_ms=now_ms, failure=failure), stages=live.stages
                ),
            )
            live.feed.append(JobChanged(job))
            self._retire(job_id)
            return job

    def stop(self, job_id: str) -> Job:
        """Let go of a job whose work was stopped; cancelled if its owner asked for that."""
        with self._changed:
            live = self._live[job_id]
            job = self._store.release(live.held, lambda job: replace(job, stages=live.stages))
            live.feed.append(JobChanged(job))
            if job.ended:
                self._retire(job_id)
            return job

    # --- the server's end -------------------------------------------------------------------

    def stop_claims(self) -> None:
        """Let no queued job begin any more; it waits for the next server."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Stop what runs; to be called after ``stop_claims``."""
        with self._changed:
            running = list(self._live.values())
        for live in running:
            live.cancel.cancel()

    def close_feeds(self) -> None:
        """Tell those who watch jobs that have not ended that this server stops."""
        with self._changed:
            feeds = [live.feed for live in self._live.values()]
        for feed in feeds:
            feed.close()

    def _retire(self, job_id: str) -> None:
        self._ended_feeds[job_id] = self._live.pop(job_id).feed
        while len(self._ended_feeds) > _FEEDS_KEPT:
            self._ended_feeds.popitem(last=False)

    def _as_of_now(self, job: Job) -> Job:
        live = self._live.get(job.id)
        return replace(job, stages=live.stages) if live else job


def _with_artifact(artifact: Artifact, job: Job) -> Job:
    """An earlier attempt may have published one of the same id."""
    others = (one for one in job.artifacts if one.id != artifact.id)
    return replace(job, artifacts=(*others, artifact))
