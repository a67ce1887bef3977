"""What jobs are kept in. Blocks; safe to use from several threads.

A method that changes something has made it durable when it returns. Callers give their tenant, and
what belongs to another is not there for them. Workers give a lease instead, and chores see all.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from polycue.domain.limits import TenantLimits
from polycue.jobs.asked import NOT_TRACED, Asked
from polycue.jobs.job import Failure, Job, JobState


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list: of any of ``states`` (none means all), with all of ``labels``."""

    states: frozenset[JobState] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job, until ``length_ms`` after its last renewal.

    Each claim gives a job a greater ``epoch``, so that whoever was held up past the end of its
    lease, and comes back when another has taken the job, writes nothing any more. ``waited_ms`` is
    how long the job had waited for it.
    """

    job_id: str
    owner: str
    epoch: int
    length_ms: int
    waited_ms: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """What a server works on: under which epoch, and whether it was asked to stop."""

    epoch: int
    cancel_asked: bool


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be done for the ``jobs`` of one state.

    ``audio_ms`` is how much of their media nobody has decoded yet. A job whose length is not known
    counts as the mean of the last 200 that succeeded, as ten minutes where there are none.
    ``oldest_ms`` is for how long the first of them has been waiting, or did wait in the end and
    is worked on since.
    """

    jobs: int
    audio_ms: int
    oldest_ms: int


def unchanged(job: Job) -> Job:
    return job


class JobStore(Protocol):
    """Jobs, with their chunks.

    A ``change`` gives a job its new value. It may be called twice, where the first time the
    connection broke at the commit, and must make the same of it then; if it raises, nothing is
    kept. The store's own fields stay as they are whatever it makes of them: ``number``, ``tenant``,
    ``owner``, ``epoch`` and ``lease_until_ms``.

    Whatever takes a lease raises LeaseLost, and keeps nothing, where the job was taken, ended or
    deleted meanwhile.
    """

    @property
    def shared(self) -> bool:
        """Whether other servers may use it too, so that jobs move without our doing."""
        ...

    # --- callers --------------------------------------------------------------------------------

    def repeated(self, tenant: str, request_id: str, fingerprint: str) -> Job | None:
        """The job an earlier request with this id made; None where there was none.

        Raises:
            RequestIdReused: there was one, and it asked for something else.
        """
        ...

    def same_content(self, tenant: str, content_key: str) -> Job | None:
        """The newest job that succeeded in the same work, if its results are still kept."""
        ...

    def create(self, job: Job, *, max_queued: int, limits: TenantLimits = ...) -> Job:
        """Keep a queued job and give it its number, or return the one ``repeated`` finds.

        Raises:
            RequestIdReused: as ``repeated``.
            QueueFull: ``max_queued`` jobs wait already.
            QuotaExceeded: the tenant has as much as it may have.
        """
        ...

    def get(self, tenant: str, job_id: str) -> Job:
        """Raises NotFound where the tenant has no such job."""
        ...

    def page(self, tenant: str, wanted: JobFilter, *, before: int | None, limit: int) -> list[Job]:
        """The newest ``limit`` jobs whose number is below ``before``, newest first."""
        ...

    def resume(
        self,
        tenant: str,
        job_id: str,
        *,
        request_id: str = "",
        asked: Asked = NOT_TRACED,
        max_queued: int,
        limits: TenantLimits = ...,
    ) -> Job:
        """Queue a job again that failed or was cancelled; its checkpoint is kept.

        One that has not ended stays as it is, and so does one that this request resumed before.

        Raises:
            NotFound: the tenant has no such job.
            JobNotResumable: it has succeeded.
            QueueFull, QuotaExceeded: as ``create``.
        """
        ...

    def ask_cancel(self, tenant: str, job_id: str) -> Job:
        """Cancel a job that nobody works on, tell the worker of another; an end is an end.

        Raises:
            NotFound: the tenant has no such job.
        """
        ...

    def delete(self, tenant: str, job_id: str, *, if_expired: bool = False) -> Job:
        """Remove a job in whatever state, with its chunks; its worker finds its lease lost.

        Whoever removed it, and nobody else, gets it as it was, and removes its files.

        Raises:
            NotFound: the tenant has no such job, or none that ``expired`` would name.
        """
        ...

    # --- workers --------------------------------------------------------------------------------

    def claim(self, owner: str, *, lease_ms: int, max_attempts: int) -> tuple[Job, Lease] | None:
        """Take a job that waits, was let go, or whose worker's lease ran out; None: there is none.

        Of the tenants the one with the fewest jobs at work comes first, of those the one served
        longest ago, and of its jobs the oldest. A job taken ``max_attempts`` times without getting
        further is left to ``sweep``.
        """
        ...

    def held(self, owner: str) -> Mapping[str, Held]:
        """The jobs this server works on, by id."""
        ...

    def beat(self, lease: Lease) -> bool:
        """Renew a lease, also one that ran out if nobody took the job; whether to stop."""
        ...

    def change(self, lease: Lease, change: Callable[[Job], Job]) -> Job:
        """Replace a job by what ``change`` makes of it, in one step."""
        ...

    def begin_plan(self, lease: Lease, plan_hash: str) -> None:
        """Keep the chunks there are if they were made under the same plan, else drop them."""
        ...

    def put_chunk(self, lease: Lease, stage: str, index: int, data: bytes) -> None:
        """Keep the result of a chunk, unless the index has one already, and renew the lease."""
        ...

    def chunks(self, job_id: str, stage: str) -> dict[int, bytes]:
        """What is kept of a stage, by index, in its order."""
        ...

    def tell(self, lease: Lease, number: int, data: bytes, *, since: int) -> None:
        """Keep events up to ``number`` for watchers elsewhere, in place of those before ``since``.

        They go ten minutes after the job's end.
        """
        ...

    def told(self, job_id: str, *, after: int) -> list[bytes]:
        """What ``tell`` kept whose numbers are above ``after``, in their order."""
        ...

    def release(
        self, lease: Lease, change: Callable[[Job], Job] = unchanged, *, after_ms: int = 0
    ) -> Job:
        """Let a job go, for whoever claims it after ``after_ms``; cancelled if that was asked.

        Once more changes nothing.
        """
        ...

    def end(self, lease: Lease, change: Callable[[Job], Job]) -> Job:
        """As ``change``, to one of the job's ends; once more changes nothing.

        A job that succeeded has no use for its chunks any more; they go.
        """
        ...

    # --- chores ---------------------------------------------------------------------------------

    def release_all_of(self, owner: str) -> None:
        """Let go of what an earlier life of this server held; before it claims anything.

        Where the store is not ``shared``, of everything: nobody else can be alive.
        """
        ...

    def sweep(self, *, max_attempts: int, poisoned: Callable[[Job], Failure]) -> Sequence[Job]:
        """End what nobody goes on with, and return it as it ended.

        Jobs taken ``max_attempts`` times without getting further fail, as ``poisoned`` says; jobs
        whose worker died when it had been asked to stop are cancelled.
        """
        ...

    def inputs_in_use(self) -> Collection[str]:
        """The resource names that jobs which have not ended read from."""
        ...

    def expired(self) -> Sequence[Job]:
        """Ended jobs whose time is over."""
        ...

    def ids(self) -> Collection[str]:
        """Of all jobs."""
        ...

    def counts(self) -> Mapping[JobState, int]:
        """How many jobs there are in each state."""
        ...

    def backlog(self) -> Mapping[JobState, Backlog]:
        """Of the states of jobs that have not ended; those without any are not in it."""
        ...
