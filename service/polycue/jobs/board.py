"""All jobs, for those who ask for them: made, looked at, followed, cancelled, resumed, deleted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from polycue.domain.limits import TenantLimits
from polycue.jobs.artifacts import Artifacts
from polycue.jobs.asked import asked_here
from polycue.jobs.at_work import AtWork
from polycue.jobs.bells import Bells
from polycue.jobs.clock import Clock
from polycue.jobs.feed import Feed, first_number
from polycue.jobs.job import Job, new_id
from polycue.jobs.store.protocol import JobFilter, JobStore
from polycue.jobs.told import NumberedCues, unpack


@dataclass(frozen=True, slots=True)
class JobDraft:
    """What a caller wants done; ``ttl_ms`` None means as long as the server keeps jobs."""

    spec: bytes
    inputs: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    fingerprint: str = ""
    content_key: str = ""
    ttl_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BoardLimits:
    """``of_tenant`` says what one tenant may use, ``max_queued`` is for all together."""

    max_queued: int
    max_ttl_ms: int
    of_tenant: Callable[[str], TenantLimits] = lambda tenant: TenantLimits()


@dataclass(frozen=True, slots=True)
class Followed:
    """A snapshot, the number of the last event in it, and the feed of what follows.

    No feed where the job waits, or another server works on it; then ``cues`` are those it told.
    """

    job: Job
    last: int
    feed: Feed | None
    cues: list[NumberedCues] = field(default_factory=list)


class Board:
    """Safe to use from several threads; blocks for as long as a durable write takes.

    Whoever asks says for which tenant; what belongs to another is not there.
    """

    def __init__(
        self,
        store: JobStore,
        at_work: AtWork,
        artifacts: Artifacts,
        bells: Bells,
        *,
        clock: Clock,
        limits: BoardLimits,
    ) -> None:
        self._store, self._at_work, self._artifacts = store, at_work, artifacts
        self._bells, self._clock, self._limits = bells, clock, limits
        self.closing = False  # those who follow a job are to be told that this server stops

    def __repr__(self) -> str:
        return f"Board({self._store!r}, {self._at_work!r})"

    @property
    def shared(self) -> bool:
        """Whether other servers have the same jobs, so that these change without our doing."""
        return self._store.shared

    def repeated(self, tenant: str, request_id: str, fingerprint: str) -> Job | None:
        """The job that an earlier request with this id made, as it is now.

        Raises:
            RequestIdReused: it asked for something else.
        """
        job = self._store.repeated(tenant, request_id, fingerprint) if request_id else None
        return job and self._at_work.as_of_now(job)

    def same_content(self, tenant: str, content_key: str) -> Job | None:
        """The newest job whose results are what another of this key would give."""
        return self._store.same_content(tenant, content_key) if content_key else None

    def create(self, tenant: str, draft: JobDraft) -> Job:
        """Queue work, or return the job the same request made before.

        Raises:
            RequestIdReused: the request id was used with another payload.
            QueueFull: too many jobs wait.
            QuotaExceeded: the tenant has as much as it may have.
        """
        job = Job(
            id=new_id(),
            tenant=tenant,
            spec=draft.spec,
            created_ms=self._clock(),
            ttl_ms=min(draft.ttl_ms or self._limits.max_ttl_ms, self._limits.max_ttl_ms),
            labels=draft.labels,
            inputs=draft.inputs,
            request_id=draft.request_id,
            fingerprint=draft.fingerprint,
            content_key=draft.content_key,
            asked=asked_here(self._clock()),
        )
        kept = self._store.create(
            job, max_queued=self._limits.max_queued, limits=self._limits.of_tenant(tenant)
        )
        if kept.id == job.id:
            self._at_work.wake()
        return self._at_work.as_of_now(kept)

    def get(self, tenant: str, job_id: str) -> Job:
        """Raises NotFound where the tenant has no such job."""
        return self._at_work.as_of_now(self._store.get(tenant, job_id))

    def page(self, tenant: str, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        """The newest ``limit`` jobs whose number is below ``before``, newest first."""
        jobs = self._store.page(tenant, wanted, before=before, limit=limit)
        return [self._at_work.as_of_now(job) for job in jobs]

    def cancel(self, tenant: str, job_id: str) -> Job:
        """Ask a job to stop. One that ended stays as it is.

        Raises:
            NotFound: the tenant has no such job.
        """
        job = self._store.ask_cancel(tenant, job_id)
        if not job.ended and (live := self._at_work.taken(job_id)):
            self._at_work.asked_to_stop(live)
        self._bells.ring(job_id)
        return self._at_work.as_of_now(job)

    def resume(self, tenant: str, job_id: str, *, request_id: str = "") -> Job:
        """Queue a job again that failed or was cancelled. One that has not ended stays as it is.

        Raises:
            NotFound: the tenant has no such job.
            JobNotResumable: it has succeeded.
            QueueFull, QuotaExceeded: as ``create``.
        """
        job = self._store.resume(
            tenant,
            job_id,
            request_id=request_id,
            asked=asked_here(self._clock()),
            max_queued=self._limits.max_queued,
            limits=self._limits.of_tenant(tenant),
        )
        self._at_work.wake()
        self._bells.ring(job_id)
        return self._at_work.as_of_now(job)

    def delete(self, tenant: str, job_id: str, *, if_expired: bool = False) -> None:
        """Remove a job with its results; one that waits or runs is stopped.

        Its row goes first: nobody finds a job by then that has lost a part of its results.

        Raises:
            NotFound: the tenant has no such job.
        """
        self._store.delete(tenant, job_id, if_expired=if_expired)
        if live := self._at_work.taken(job_id):
            self._at_work.let_fall(live)
        self._artifacts.remove(job_id)
        self._bells.ring(job_id)

    # --- following --------------------------------------------------------------------------

    def follow(self, tenant: str, job_id: str, *, cues_after: int | None = None) -> Followed:
        """With cues from other servers whose numbers are above ``cues_after``, None for none.

        Raises:
            NotFound: the tenant has no such job.
        """
        live = self._at_work.live(job_id)
        if live:
            with live.order:
                job = self.get(tenant, job_id)
                return Followed(job, live.feed.last, live.feed)
        job = self._store.get(tenant, job_id)
        feed = self._at_work.recent.of(job)
        # After the job: what was told by its end is there when the end is.
        cues = [] if feed or cues_after is None else self._told(job, cues_after)
        return Followed(job, feed.last if feed else 0, feed, cues)

    def _told(self, job: Job, after: int) -> list[NumberedCues]:
        if not self.shared:
            return []
        after = max(after, first_number(job.epoch))  # those of earlier attempts count no more
        told = unpack(self._store.told(job.id, after=after))
        return [(number, cues) for number, cues in told if number > after]

    def listen(self, job_id: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake``, from any thread, at news of a job here; returns what ends that."""
        return self._bells.listen(job_id, wake)

    def close(self) -> None:
        """Tell those who follow jobs that this server stops."""
        self.closing = True
        self._bells.ring_all()
